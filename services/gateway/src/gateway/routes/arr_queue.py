"""The queue of the four *arr apps, for clients of the earlier version."""

from uuid import UUID

from fastapi import APIRouter, Depends

from gateway import arr_queue
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.schemas.arr_queue import IngestEvent, StatusFilter

router = APIRouter(
    prefix="/api/integrations/arr/queue", tags=["integrations"], dependencies=[Depends(signed_in)]
)

FOUND = problems({404: "Ingest event not found"})


@router.get(
    "",
    summary="List the events of the *arr apps",
    responses=problems({400: "Unknown status_filter"}),
)
async def list_arr_queue(api: Api, status_filter: StatusFilter = "") -> list[IngestEvent]:
    """The newest 50; `/api/integrations/inbox` tells more."""
    return await arr_queue.list_newest(api, status_filter)


@router.post("/{event_id}/ingest", summary="Ingest what an event is about", responses=FOUND)
async def ingest_arr_event(event_id: UUID, api: Api) -> IngestEvent:
    """A pending one is taken for what is known or suggested; what cannot be is `failed`.

    One on which nobody decides within two seconds is answered as it is then.
    """
    return await arr_queue.ingest(api, event_id)


@router.post("/{event_id}/dismiss", summary="Skip an event", responses=FOUND)
async def dismiss_arr_event(event_id: UUID, api: Api) -> IngestEvent:
    """What was done stays done."""
    return await arr_queue.dismiss(api, event_id)
