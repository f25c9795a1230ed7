"""The catalogue's works and merges, as their contract says."""

from uuid import uuid4

from common.errors import Kind
from common.requests import current, current_caller
from tastebuds.catalog.v1 import media_pb2
from tastebuds.catalog.v1 import media_service_pb2 as media_pb
from tastebuds.catalog.v1 import merge_service_pb2 as pb
from tastebuds.catalog.v1.media_service_pb2_grpc import MediaServiceServicer
from tastebuds.catalog.v1.merge_service_pb2_grpc import MergeServiceServicer

from .stand_ins import CREATED, Fact, StandIn, after, not_found, source


def add_work(world, title, kind=media_pb2.MEDIA_TYPE_MOVIE):
    item = media_pb2.MediaItem(id=str(uuid4()), media_type=kind, title=title)
    world.media[item.id] = item
    return item


def find_media(world, media_item_id):
    """The work, or the one that it was merged into."""
    item = world.media.get(world.survivors.get(media_item_id, media_item_id))
    if item is None:
        raise not_found("Media item")
    return item


class Media(StandIn, MediaServiceServicer):
    async def GetMedia(self, request, context):
        self.world.called("GetMedia", request)
        item = find_media(self.world, request.media_item_id)
        # Whoever asks sees what they have set for themselves.
        caller = current.get().caller
        origin = "own" if caller and self.world.field_sources else "tmdb"
        return media_pb.GetMediaResponse(
            item=item,
            sources=[source()],
            field_sources=[
                media_pb.FieldSource(field=name, source_name=origin, at=CREATED)
                for name in self.world.field_sources
            ],
            appears_in=self.world.appearances,
            appearance_count=len(self.world.appearances),
        )

    async def CreateManualMedia(self, request, context):
        self.world.called("CreateManualMedia", request)
        known = [one for one in self.world.media.values() if one.title == request.item.title]
        item = known[0] if known else request.item
        item.id = item.id or str(uuid4())
        self.world.media[item.id] = item
        return media_pb.CreateManualMediaResponse(item=item, sources=[source()], created=not known)

    async def OverrideMedia(self, request, context):
        self.world.called("OverrideMedia", request)
        if request.for_everybody and not current_caller().is_admin:
            raise Fact(Kind.FORBIDDEN, "ADMIN_REQUIRED", "Admin access required")
        item = find_media(self.world, request.media_item_id)
        kind = "override" if request.for_everybody else "own"
        for name in request.changed:
            if request.HasField(name):
                setattr(item, name, getattr(request, name))
        return media_pb.OverrideMediaResponse(
            item=item,
            sources=[source()],
            field_sources=[
                media_pb.FieldSource(field=name, source_name=kind, at=CREATED)
                for name in request.changed
                if request.HasField(name)
            ],
        )


class Merges(StandIn, MergeServiceServicer):
    async def MergeMedia(self, request, context):
        self.world.called("MergeMedia", request)
        survivor = find_media(self.world, request.survivor_id)
        absorbed = find_media(self.world, request.absorbed_id)
        if survivor.media_type != absorbed.media_type:
            message = "Works of different types cannot be merged."
            raise Fact(Kind.PRECONDITION, "CANNOT_MERGE", message)
        merge = pb.Merge(
            id=str(uuid4()), survivor_id=survivor.id, absorbed_id=absorbed.id,
            survivor_title=survivor.title, absorbed_title=absorbed.title,
            reason="by an administrator", merged_by=str(current_caller().user_id),
            merged_at=CREATED, reversible_until=after(30 * 86_400),
        )  # fmt: skip
        self.world.merges[merge.id] = merge
        self.world.survivors[absorbed.id] = survivor.id
        return pb.MergeMediaResponse(merge=merge)

    async def UndoMerge(self, request, context):
        self.world.called("UndoMerge", request)
        merge = self.world.merges.get(request.merge_id)
        if merge is None:
            raise not_found("Merge")
        merge.undone_at.CopyFrom(CREATED)
        self.world.survivors.pop(merge.absorbed_id, None)
        return pb.UndoMergeResponse(merge=merge)

    async def ListMerges(self, request, context):
        self.world.called("ListMerges", request)
        return pb.ListMergesResponse(
            merges=self.world.merges.values(), next_page_token="" if request.page_token else "older"
        )

    async def ListSuspects(self, request, context):
        self.world.called("ListSuspects", request)
        return pb.ListSuspectsResponse(
            suspects=self.world.suspects.values(),
            next_page_token="" if request.page_token else "older",
        )

    async def DismissSuspect(self, request, context):
        self.world.called("DismissSuspect", request)
        if self.world.suspects.pop(request.suspect_id, None) is None:
            raise not_found("Suspect")
        return pb.DismissSuspectResponse()
