"""The catalogue's tags, as their contract says."""

from uuid import uuid4

from common.errors import Kind
from common.requests import current_caller
from tastebuds.catalog.v1 import tag_service_pb2 as pb
from tastebuds.catalog.v1.tag_service_pb2_grpc import TagServiceServicer

from .stand_ins import Fact, StandIn, not_found


class Tags(StandIn, TagServiceServicer):
    """`world.tags` has each tag with its owner, `world.tagged` pairs of tag and work."""

    async def ListTags(self, request, context):
        self.world.called("ListTags", request)
        return pb.ListTagsResponse(
            tags=sorted(self._visible().values(), key=lambda tag: tag.name),
            next_page_token="" if request.page_token else "z",
        )

    async def CreateTag(self, request, context):
        self.world.called("CreateTag", request)
        if request.is_shared and not current_caller().is_admin:
            raise Fact(Kind.FORBIDDEN, "ADMIN_REQUIRED", "Admin access required")
        self._check(request.name)
        tag = pb.Tag(id=str(uuid4()), name=request.name, is_shared=request.is_shared)
        owner = "" if request.is_shared else str(current_caller().user_id)
        self.world.tags[tag.id] = (owner, tag)
        return pb.CreateTagResponse(tag=tag)

    async def RenameTag(self, request, context):
        self.world.called("RenameTag", request)
        tag = self._own(request.tag_id)
        self._check(request.name)
        tag.name = request.name
        return pb.RenameTagResponse(tag=tag)

    async def DeleteTag(self, request, context):
        self.world.called("DeleteTag", request)
        del self.world.tags[self._own(request.tag_id).id]
        return pb.DeleteTagResponse()

    async def MergeTags(self, request, context):
        self.world.called("MergeTags", request)
        gone, kept = self._own(request.tag_id), self._own(request.into_tag_id)
        moved = {(kept.id, media) for tag, media in self.world.tagged if tag == gone.id}
        self.world.tagged |= moved
        del self.world.tags[gone.id]
        return pb.MergeTagsResponse(tag=self._counted(kept))

    async def AttachTag(self, request, context):
        self.world.called("AttachTag", request)
        tag = self._visible().get(request.tag_id)
        if tag is None:
            raise Fact(Kind.INVALID, "TAG_NOT_AVAILABLE", "Tag not available")
        if not set(request.media_item_ids) <= set(self.world.media):
            raise Fact(Kind.INVALID, "MEDIA_ITEM_NOT_AVAILABLE", "Media item not found")
        new = {(tag.id, media) for media in request.media_item_ids} - self.world.tagged
        self.world.tagged |= new
        return pb.AttachTagResponse(tag=self._counted(tag), attached_count=len(new))

    async def DetachTag(self, request, context):
        self.world.called("DetachTag", request)
        if request.tag_id not in self._visible():
            raise Fact(Kind.NOT_FOUND, "TAG_NOT_AVAILABLE", "Tag not available")
        gone = {(request.tag_id, media) for media in request.media_item_ids} & self.world.tagged
        if not gone:
            raise Fact(Kind.NOT_FOUND, "TAG_NOT_ASSIGNED", "Tag not assigned to media")
        self.world.tagged -= gone
        return pb.DetachTagResponse(detached_count=len(gone))

    async def BatchGetTags(self, request, context):
        self.world.called("BatchGetTags", request)
        visible = self._visible()
        found = {
            media: [tag for tag in visible.values() if (tag.id, media) in self.world.tagged]
            for media in request.media_item_ids
        }
        return pb.BatchGetTagsResponse(
            media=[
                pb.MediaTags(media_item_id=media, tags=map(self._counted, tags))
                for media, tags in found.items()
                if tags
            ]
        )

    def _visible(self):
        mine = ("", str(current_caller().user_id))
        return {key: tag for key, (owner, tag) in self.world.tags.items() if owner in mine}

    def _own(self, tag_id):
        owner, tag = self.world.tags.get(tag_id, (None, None))
        if owner != str(current_caller().user_id):
            raise not_found("Tag")
        return tag

    def _check(self, name):
        if not name:
            raise Fact(Kind.INVALID, "TAG_NAME_BLANK", "Tag name cannot be blank", field="name")
        if name.lower() in {tag.name.lower() for tag in self._visible().values()}:
            raise Fact(Kind.CONFLICT, "TAG_EXISTS", f"There is a tag called {name}.", name=name)

    def _counted(self, tag):
        counted = pb.Tag()
        counted.CopyFrom(tag)
        counted.media_count = sum(1 for one, _ in self.world.tagged if one == tag.id)
        return counted
