"""Previews of works that sources outside know."""

from uuid import UUID

from fastapi import APIRouter, Depends

from common.requests import onward
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.schemas.previews import Preview
from tastebuds.ingest.v1.preview_service_pb2 import GetPreviewRequest

router = APIRouter(prefix="/api/previews", tags=["search"], dependencies=[Depends(signed_in)])


@router.get(
    "/{preview_id}",
    summary="Read a preview",
    responses=problems({404: "Preview not found, or expired"}),
)
async def get_preview(preview_id: UUID, api: Api) -> Preview:
    """Of your own search, for some minutes. Adding it to a menu, setting a state, writing a log or
    putting a tag on it, by its id, brings the work into the catalogue."""
    reply = await api.previews.GetPreview(GetPreviewRequest(preview_id=str(preview_id)), **onward())
    return Preview.of_wire(reply.preview)
