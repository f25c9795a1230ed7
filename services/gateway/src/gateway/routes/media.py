"""Works of the catalogue."""

from uuid import UUID

from fastapi import APIRouter, Depends, Response

from common.requests import onward
from gateway.auth import perhaps_signed_in, signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.schemas.media import MediaDetail, NewMedia
from gateway.schemas.media_page import MediaPage, Overrides, TracedMedia
from tastebuds.catalog.v1.media_service_pb2 import CreateManualMediaRequest, GetMediaRequest

router = APIRouter(prefix="/api/media", tags=["media"])

FOUND = problems({404: "Media item not found"})


@router.get(
    "/{media_id}",
    summary="Read a work",
    dependencies=[Depends(perhaps_signed_in)],
    responses=FOUND,
)
async def get_media(media_id: UUID, api: Api) -> MediaPage:
    """With its sources, what is particular to its type, and the public menus it appears in.

    Signed in, you see what you have set for yourself. The id of a work that was merged into another
    one reads that one.
    """
    reply = await api.media.GetMedia(GetMediaRequest(media_item_id=str(media_id)), **onward())
    return MediaPage.of_reply(reply)


@router.post(
    "",
    status_code=201,
    summary="Add a work by hand",
    dependencies=[Depends(signed_in)],
    responses={200: {"model": MediaDetail, "description": "You had added it before"}},
)
async def create_media(body: NewMedia, response: Response, api: Api) -> MediaDetail:
    """For what no source knows. The same entry again answers 200 with what is there."""
    reply = await api.media.CreateManualMedia(
        CreateManualMediaRequest(item=body.to_item()), **onward()
    )
    response.status_code = 201 if reply.created else 200
    return MediaDetail.with_sources(reply.item, reply.sources)


@router.patch(
    "/{media_id}/overrides",
    summary="Set fields of a work by hand",
    dependencies=[Depends(signed_in)],
    responses=FOUND | problems({403: "For everybody: only administrators may"}),
)
async def override_media(media_id: UUID, body: Overrides, api: Api) -> TracedMedia:
    """For yourself, or for everybody; they stay whatever the sources say later."""
    reply = await api.media.OverrideMedia(body.to_wire(media_id), **onward())
    return TracedMedia.of_override(reply)
