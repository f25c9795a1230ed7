"""The signed-in person's tags, and the shared ones."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from common.requests import onward
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.paging import offer_next
from gateway.previews import works_of
from gateway.schemas.fields import Cursor, LongLimit
from gateway.schemas.media import WantedWorks
from gateway.schemas.tags import (
    AttachedTag,
    MediaTags,
    NewTag,
    Tag,
    TaggedMedia,
    TagMerge,
    TagRename,
)
from tastebuds.catalog.v1.tag_service_pb2 import (
    AttachTagRequest,
    BatchGetTagsRequest,
    CreateTagRequest,
    DeleteTagRequest,
    DetachTagRequest,
    ListTagsRequest,
    MergeTagsRequest,
    RenameTagRequest,
)

router = APIRouter(prefix="/api/tags", tags=["tags"], dependencies=[Depends(signed_in)])

FOUND = problems({404: "Tag not found"})
ALLOWED = problems({403: "Shared tags are for administrators to make and to put on works"})
NAMED = problems({400: "Tag name cannot be blank", 409: "There is a tag of this name"})


@router.get("", summary="List your tags")
async def list_tags(
    request: Request, response: Response, api: Api, limit: LongLimit = 500, cursor: Cursor = ""
) -> list[Tag]:
    """Your own and the shared ones, by name."""
    reply = await api.tags.ListTags(ListTagsRequest(page_size=limit, page_token=cursor), **onward())
    offer_next(request, response, reply.next_page_token)
    return [Tag.of(tag) for tag in reply.tags]


@router.post("", status_code=201, summary="Make a tag", responses=ALLOWED | NAMED)
async def create_tag(body: NewTag, api: Api) -> Tag:
    """Names differ in more than letter case."""
    reply = await api.tags.CreateTag(
        CreateTagRequest(name=body.name, is_shared=body.is_shared), **onward()
    )
    return Tag.of(reply.tag)


@router.patch("/{tag_id}", summary="Rename a tag", responses=FOUND | NAMED)
async def rename_tag(tag_id: UUID, body: TagRename, api: Api) -> Tag:
    """It stays on its works."""
    reply = await api.tags.RenameTag(
        RenameTagRequest(tag_id=str(tag_id), name=body.name), **onward()
    )
    return Tag.of(reply.tag)


@router.delete("/{tag_id}", status_code=204, summary="Delete a tag", responses=FOUND)
async def delete_tag(tag_id: UUID, api: Api) -> None:
    """It is taken off all its works."""
    await api.tags.DeleteTag(DeleteTagRequest(tag_id=str(tag_id)), **onward())


@router.post("/{tag_id}/merge", summary="Merge a tag into another", responses=FOUND)
async def merge_tags(tag_id: UUID, body: TagMerge, api: Api) -> Tag:
    """The other one is put on all its works, and it is gone."""
    reply = await api.tags.MergeTags(
        MergeTagsRequest(tag_id=str(tag_id), into_tag_id=str(body.into_tag_id)), **onward()
    )
    return Tag.of(reply.tag)


@router.get("/media/{media_id}", summary="List the tags of a work")
async def list_media_tags(media_id: UUID, api: Api) -> list[Tag]:
    """Your own and the shared ones, by name; none of an unknown work."""
    reply = await api.tags.BatchGetTags(
        BatchGetTagsRequest(media_item_ids=[str(media_id)]), **onward()
    )
    return [Tag.of(tag) for media in reply.media for tag in media.tags]


@router.post("/media/batch", summary="List the tags of many works")
async def batch_get_tags(body: WantedWorks, api: Api) -> list[MediaTags]:
    """Your own and the shared ones, by name, of at most 500 works."""
    reply = await api.tags.BatchGetTags(
        BatchGetTagsRequest(media_item_ids=map(str, body.media_item_ids)), **onward()
    )
    return [MediaTags.of(media) for media in reply.media]


@router.post(
    "/{tag_id}/media",
    status_code=201,
    summary="Tag works",
    responses=ALLOWED | problems({400: "Tag not available, or media item not found"}),
)
async def attach_tag(tag_id: UUID, body: TaggedMedia, api: Api) -> AttachedTag:
    """All or none; those that have it keep it. A preview's id keeps its work."""
    works = await works_of(api, body.ids)
    reply = await api.tags.AttachTag(
        AttachTagRequest(tag_id=str(tag_id), media_item_ids=works.values()), **onward()
    )
    return AttachedTag.of(reply.tag, attached_count=reply.attached_count)


@router.delete(
    "/{tag_id}/media/{media_id}",
    status_code=204,
    summary="Take a tag off a work",
    responses=ALLOWED | problems({404: "Tag not available, or not assigned to media"}),
)
async def detach_tag(tag_id: UUID, media_id: UUID, api: Api) -> None:
    """The tag itself stays."""
    await api.tags.DetachTag(
        DetachTagRequest(tag_id=str(tag_id), media_item_ids=[str(media_id)]), **onward()
    )
