"""Works of the catalogue."""

from uuid import UUID

from fastapi import APIRouter, Depends, Response

from common.requests import onward
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.schemas.media import MediaDetail, NewMedia
from tastebuds.catalog.v1.media_service_pb2 import CreateManualMediaRequest, GetMediaRequest

router = APIRouter(prefix="/api/media", tags=["media"])


@router.get("/{media_id}", summary="Read a work", responses=problems({404: "Media item not found"}))
async def get_media(media_id: UUID, api: Api) -> MediaDetail:
    """With its sources and what is particular to its type."""
    reply = await api.media.GetMedia(GetMediaRequest(media_item_id=str(media_id)), **onward())
    return MediaDetail.with_sources(reply.item, reply.sources)


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
