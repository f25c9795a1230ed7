"""The signed-in person's library: where they stand with works."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from common.requests import onward
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.paging import offer_next
from gateway.previews import work_of
from gateway.schemas.fields import Cursor, LongLimit
from gateway.schemas.library import Library, LibraryFilter, Undone
from gateway.schemas.media import WantedWorks
from gateway.schemas.states import NewState, State
from tastebuds.catalog.v1.library_service_pb2 import (
    BatchGetStatesRequest,
    DeleteStateRequest,
    ListStatesRequest,
    UndoLastChangeRequest,
)

router = APIRouter(prefix="/api/me", tags=["library"], dependencies=[Depends(signed_in)])


@router.get("/library", summary="Read your library")
async def get_library(
    request: Request, response: Response, wanted: Annotated[LibraryFilter, Query()], api: Api
) -> Library:
    """Everything of which you have a state or a log, with sums and what comes next."""
    reply = await api.library.GetLibrary(wanted.to_wire(), **onward())
    offer_next(request, response, reply.next_page_token)
    return Library.of(reply)


@router.post(
    "/library/undo",
    summary="Take your last change back",
    responses=problems(
        {404: "Nothing to undo", 409: "A webhook has changed what it was about since"}
    ),
)
async def undo_last_change(api: Api) -> Undone:
    """Of states and logs, one change per call: of the last 50, within 30 days."""
    reply = await api.library.UndoLastChange(UndoLastChangeRequest(), **onward())
    return Undone.of(reply)


@router.get("/states", summary="List your states")
async def list_states(
    request: Request, response: Response, api: Api, limit: LongLimit = 500, cursor: Cursor = ""
) -> list[State]:
    """Where you stand with works, last changed first."""
    reply = await api.library.ListStates(
        ListStatesRequest(page_size=limit, page_token=cursor), **onward()
    )
    offer_next(request, response, reply.next_page_token)
    return [State.of(state) for state in reply.states]


@router.post("/states/batch", summary="Read your states of many works")
async def batch_get_states(body: WantedWorks, api: Api) -> list[State]:
    """Those there are, of at most 500 works."""
    reply = await api.library.BatchGetStates(
        BatchGetStatesRequest(media_item_ids=map(str, body.media_item_ids)), **onward()
    )
    return [State.of(state) for state in reply.states]


@router.put(
    "/states/{media_id}",
    summary="Set your state of a work",
    responses=problems({404: "Media item not found"}),
)
async def set_state(media_id: UUID, body: NewState, api: Api) -> State:
    """Replaces the whole state: what is left out is cleared. A preview's id keeps its work."""
    work_id = await work_of(api, media_id)
    reply = await api.library.SetState(body.to_wire(work_id), **onward())
    return State.of(reply.state)


@router.delete(
    "/states/{media_id}",
    status_code=204,
    summary="Clear your state of a work",
    responses=problems({404: "State not found"}),
)
async def delete_state(media_id: UUID, api: Api) -> None:
    """What your diary says of it stays."""
    await api.library.DeleteState(DeleteStateRequest(media_item_id=str(media_id)), **onward())
