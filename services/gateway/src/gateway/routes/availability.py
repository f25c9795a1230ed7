"""Where works can be had."""

from uuid import UUID

from fastapi import APIRouter, Depends

from common.requests import onward
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.schemas.availability import (
    Availability,
    MediaAvailability,
    NewEntries,
    WantedSummaries,
)
from tastebuds.catalog.v1.availability_service_pb2 import (
    DeleteAvailabilityRequest,
    ListAvailabilityRequest,
    PutAvailabilityRequest,
    SummarizeAvailabilityRequest,
)

router = APIRouter(prefix="/api/media", tags=["availability"])

SIGNED_IN = [Depends(signed_in)]
ALLOWED = problems({403: "Only for administrators and for who brought the work in"})


@router.get("/{media_id}/availability", summary="Read where a work can be had")
async def list_availability(media_id: UUID, api: Api) -> list[Availability]:
    """By provider, region and format; empty for an unknown work."""
    reply = await api.availability.ListAvailability(
        ListAvailabilityRequest(media_item_id=str(media_id)), **onward()
    )
    return [Availability.of(entry) for entry in reply.entries]


@router.put(
    "/{media_id}/availability",
    summary="Say where a work can be had",
    dependencies=SIGNED_IN,
    responses=ALLOWED | problems({404: "Media item not found"}),
)
async def put_availability(media_id: UUID, body: NewEntries, api: Api) -> list[Availability]:
    """Replaces entries of the same provider, region and format; answers all there are then."""
    reply = await api.availability.PutAvailability(
        PutAvailabilityRequest(
            media_item_id=str(media_id), entries=[entry.to_wire() for entry in body]
        ),
        **onward(),
    )
    return [Availability.of(entry) for entry in reply.entries]


@router.delete(
    "/{media_id}/availability/{entry_id}",
    status_code=204,
    summary="Remove an entry",
    dependencies=SIGNED_IN,
    responses=ALLOWED | problems({404: "Media item or entry not found"}),
)
async def delete_availability(media_id: UUID, entry_id: UUID, api: Api) -> None:
    """What a source says comes back with its next answer."""
    await api.availability.DeleteAvailability(
        DeleteAvailabilityRequest(media_item_id=str(media_id), availability_id=str(entry_id)),
        **onward(),
    )


@router.post("/availability/summary", summary="Sum up where many works can be had")
async def summarize_availability(body: WantedSummaries, api: Api) -> list[MediaAvailability]:
    """Of at most 500 works; those of which nothing is known are left out."""
    reply = await api.availability.SummarizeAvailability(
        SummarizeAvailabilityRequest(media_item_ids=map(str, body.media_item_ids)), **onward()
    )
    return [MediaAvailability.of_media(summary) for summary in reply.summaries]
