"""The signed-in person's library."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from common.requests import onward
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.paging import offer_next
from gateway.schemas.fields import Cursor
from gateway.schemas.library import Log, LogFilter, NewState, State, StateLimit
from tastebuds.catalog.v1.library_service_pb2 import ListStatesRequest

router = APIRouter(prefix="/api/me", tags=["library"], dependencies=[Depends(signed_in)])


@router.get("/states", summary="List your states")
async def list_states(
    request: Request, response: Response, api: Api, limit: StateLimit = 500, cursor: Cursor = ""
) -> list[State]:
    """Where you stand with works, last changed first."""
    reply = await api.library.ListStates(
        ListStatesRequest(page_size=limit, page_token=cursor), **onward()
    )
    offer_next(request, response, reply.next_page_token)
    return [State.of(state) for state in reply.states]


@router.put(
    "/states/{media_id}",
    summary="Set your state of a work",
    responses=problems({404: "Media item not found"}),
)
async def set_state(media_id: UUID, body: NewState, api: Api) -> State:
    """Replaces the whole state: what is left out is cleared."""
    reply = await api.library.SetState(body.to_wire(media_id), **onward())
    return State.of(reply.state)


@router.get("/logs", summary="Read your diary")
async def list_logs(wanted: Annotated[LogFilter, Query()], api: Api) -> list[Log]:
    """Newest first, with the works."""
    reply = await api.library.ListLogs(wanted.to_wire(), **onward())
    return [Log.of(log) for log in reply.logs]
