"""The signed-in person's diary."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from common.requests import onward
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.paging import offer_next
from gateway.previews import work_of
from gateway.schemas.fields import IdempotencyKey
from gateway.schemas.logs import Log, LogChange, LogFilter, NewLog
from tastebuds.catalog.v1.library_service_pb2 import DeleteLogRequest

router = APIRouter(prefix="/api/me/logs", tags=["library"], dependencies=[Depends(signed_in)])

FOUND = problems({404: "Log entry not found"})


@router.get("", summary="Read your diary")
async def list_logs(
    request: Request, response: Response, wanted: Annotated[LogFilter, Query()], api: Api
) -> list[Log]:
    """Newest first, with the works."""
    reply = await api.library.ListLogs(wanted.to_wire(), **onward())
    offer_next(request, response, reply.next_page_token)
    return [Log.of(log) for log in reply.logs]


@router.post(
    "",
    status_code=201,
    summary="Write in your diary",
    responses=problems({404: "Media item not found", 409: "The key was used for something else"}),
)
async def create_log(body: NewLog, api: Api, idempotency_key: IdempotencyKey = "") -> Log:
    """Your state follows: a goal wants the work, progress begins it, an end consumes it."""
    work_id = await work_of(api, body.media_item_id)
    reply = await api.library.CreateLog(body.to_wire(work_id, idempotency_key), **onward())
    return Log.of(reply.log)


@router.patch("/{log_id}", summary="Change an entry", responses=FOUND)
async def update_log(log_id: UUID, body: LogChange, api: Api) -> Log:
    """Your state follows, unless you have set it otherwise since."""
    reply = await api.library.UpdateLog(body.to_wire(log_id), **onward())
    return Log.of(reply.log)


@router.delete("/{log_id}", status_code=204, summary="Delete an entry", responses=FOUND)
async def delete_log(log_id: UUID, api: Api) -> None:
    """Your state follows, unless you have set it otherwise since."""
    await api.library.DeleteLog(DeleteLogRequest(log_id=str(log_id)), **onward())
