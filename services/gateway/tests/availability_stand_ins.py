"""Where works can be had, as the catalogue's contract says."""

from uuid import uuid4

from common.errors import Kind
from tastebuds.catalog.v1 import availability_pb2, media_pb2
from tastebuds.catalog.v1 import availability_service_pb2 as pb
from tastebuds.catalog.v1.availability_service_pb2_grpc import AvailabilityServiceServicer

from .media_stand_ins import find_media
from .stand_ins import CREATED, Fact, StandIn

UNKNOWN = availability_pb2.AVAILABILITY_STATUS_UNKNOWN
AVAILABLE = availability_pb2.AVAILABILITY_STATUS_AVAILABLE


class Availability(StandIn, AvailabilityServiceServicer):
    """`world.availability` has entries by work and by provider, region and format. Whoever asks is
    a contributor of everything that is no game."""

    async def ListAvailability(self, request, context):
        self.world.called("ListAvailability", request)
        return pb.ListAvailabilityResponse(entries=self._entries(request.media_item_id))

    async def PutAvailability(self, request, context):
        self.world.called("PutAvailability", request)
        item = find_media(self.world, request.media_item_id)
        if item.media_type == media_pb2.MEDIA_TYPE_GAME:
            message = "Only admins and who brought this work in may say where it can be had."
            raise Fact(Kind.FORBIDDEN, "NOT_A_CONTRIBUTOR", message)
        keys = [(one.provider, one.region, one.format) for one in request.entries]
        if len(keys) > len(set(keys)):
            message = "entries[1] has the provider, region and format of entries[0]."
            raise Fact(Kind.INVALID, "INVALID_AVAILABILITY", message)
        known = self.world.availability.setdefault(item.id, {})
        for key, new in zip(keys, request.entries, strict=True):
            known[key] = availability_pb2.Availability(
                id=str(uuid4()), media_item_id=item.id, provider=new.provider, region=new.region,
                format=new.format, status=new.status or UNKNOWN, created_at=CREATED,
                updated_at=CREATED, source_name="manual",
                deeplink_url=new.deeplink_url if new.HasField("deeplink_url") else None,
                last_checked_at=new.last_checked_at if new.HasField("last_checked_at") else CREATED,
            )  # fmt: skip
        return pb.PutAvailabilityResponse(entries=self._entries(item.id))

    async def DeleteAvailability(self, request, context):
        self.world.called("DeleteAvailability", request)
        known = self.world.availability.get(request.media_item_id, {})
        for key, entry in known.items():
            if entry.id == request.availability_id:
                del known[key]
                return pb.DeleteAvailabilityResponse()
        raise Fact(Kind.NOT_FOUND, "AVAILABILITY_NOT_FOUND", "Availability not found")

    async def SummarizeAvailability(self, request, context):
        self.world.called("SummarizeAvailability", request)
        return pb.SummarizeAvailabilityResponse(
            summaries=[
                summary(each, entries)
                for each in request.media_item_ids
                if (entries := self._entries(each))
            ]
        )

    def _entries(self, media_item_id):
        known = self.world.availability.get(media_item_id, {})
        return [known[key] for key in sorted(known)]


def summary(media_item_id, entries):
    return availability_pb2.AvailabilitySummary(
        media_item_id=media_item_id,
        providers=dict.fromkeys(entry.provider for entry in entries),
        regions=dict.fromkeys(entry.region for entry in entries),
        formats=dict.fromkeys(entry.format for entry in entries),
        available_count=sum(1 for entry in entries if entry.status == AVAILABLE),
        unknown_count=sum(1 for entry in entries if entry.status == UNKNOWN),
        last_checked_at=CREATED,
    )
