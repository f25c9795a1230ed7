"""Tags over gRPC: translate, open the session, call the service."""

from typing import Any

from catalog.tags import messages, names, service
from common.db import Database
from common.requests import current_caller, parse_id, parse_ids
from tastebuds.catalog.v1 import tag_service_pb2 as pb
from tastebuds.catalog.v1.tag_service_pb2_grpc import TagServiceServicer


class TagServicer(TagServiceServicer):
    def __init__(self, database: Database) -> None:
        self.database = database

    async def ListTags(self, request: pb.ListTagsRequest, context: Any) -> pb.ListTagsResponse:
        async with self.database.readers() as session:
            page = await service.list_tags(
                session,
                user_id=current_caller().user_id,
                after=messages.read_token(request.page_token),
                page_size=request.page_size,
            )
        return messages.from_page(page)

    async def CreateTag(self, request: pb.CreateTagRequest, context: Any) -> pb.CreateTagResponse:
        name = names.to_name(request.name)
        async with self.database.sessions.begin() as session:
            tag = await service.create_tag(
                session, person=messages.to_person(), name=name, is_shared=request.is_shared
            )
        return pb.CreateTagResponse(tag=messages.from_tag(tag))

    async def RenameTag(self, request: pb.RenameTagRequest, context: Any) -> pb.RenameTagResponse:
        tag_id, name = parse_id("tag_id", request.tag_id), names.to_name(request.name)
        async with self.database.sessions.begin() as session:
            tag = await service.rename_tag(
                session, person=messages.to_person(), tag_id=tag_id, name=name
            )
        return pb.RenameTagResponse(tag=messages.from_tag(tag))

    async def DeleteTag(self, request: pb.DeleteTagRequest, context: Any) -> pb.DeleteTagResponse:
        tag_id = parse_id("tag_id", request.tag_id)
        async with self.database.sessions.begin() as session:
            await service.delete_tag(session, person=messages.to_person(), tag_id=tag_id)
        return pb.DeleteTagResponse()

    async def MergeTags(self, request: pb.MergeTagsRequest, context: Any) -> pb.MergeTagsResponse:
        tag_id = parse_id("tag_id", request.tag_id)
        into_tag_id = parse_id("into_tag_id", request.into_tag_id)
        async with self.database.sessions.begin() as session:
            tag = await service.merge_tags(
                session, person=messages.to_person(), tag_id=tag_id, into_tag_id=into_tag_id
            )
        return pb.MergeTagsResponse(tag=messages.from_tag(tag))

    async def AttachTag(self, request: pb.AttachTagRequest, context: Any) -> pb.AttachTagResponse:
        tag_id = parse_id("tag_id", request.tag_id)
        ids = messages.to_media_item_ids(request.media_item_ids)
        async with self.database.sessions.begin() as session:
            attached = await service.attach(
                session, person=messages.to_person(), tag_id=tag_id, media_item_ids=ids
            )
        return messages.from_attached(attached)

    async def DetachTag(self, request: pb.DetachTagRequest, context: Any) -> pb.DetachTagResponse:
        tag_id = parse_id("tag_id", request.tag_id)
        ids = messages.to_media_item_ids(request.media_item_ids)
        async with self.database.sessions.begin() as session:
            detached = await service.detach(
                session, person=messages.to_person(), tag_id=tag_id, media_item_ids=ids
            )
        return pb.DetachTagResponse(detached_count=detached)

    async def BatchGetTags(
        self, request: pb.BatchGetTagsRequest, context: Any
    ) -> pb.BatchGetTagsResponse:
        ids = parse_ids("media_item_ids", request.media_item_ids, messages.MOST_IDS)
        async with self.database.readers() as session:
            found = await service.tags_of(
                session, user_id=current_caller().user_id, media_item_ids=ids
            )
        return pb.BatchGetTagsResponse(
            media=[messages.from_media_tags(one, tags) for one, tags in found.items()]
        )
