"""Where works can be had, over gRPC."""

from datetime import timedelta
from typing import Any

from catalog.availability import messages, service
from catalog.availability.service import Contributor
from common.db import Database, now
from common.requests import current_caller, parse_id, parse_ids
from tastebuds.catalog.v1 import availability_service_pb2 as pb
from tastebuds.catalog.v1.availability_service_pb2_grpc import AvailabilityServiceServicer

MOST_IDS = 500


class AvailabilityServicer(AvailabilityServiceServicer):
    """`stays_true` is for how long what was checked is believed."""

    def __init__(self, database: Database, stays_true: timedelta) -> None:
        self.database = database
        self.stays_true = stays_true

    async def ListAvailability(
        self, request: pb.ListAvailabilityRequest, context: Any
    ) -> pb.ListAvailabilityResponse:
        media_item_id = parse_id("media_item_id", request.media_item_id)
        async with self.database.readers() as session:
            entries = await service.list_entries(session, media_item_id)
        stale_before = now() - self.stays_true
        return pb.ListAvailabilityResponse(
            entries=(messages.from_entry(entry, stale_before) for entry in entries)
        )

    async def PutAvailability(
        self, request: pb.PutAvailabilityRequest, context: Any
    ) -> pb.PutAvailabilityResponse:
        media_item_id = parse_id("media_item_id", request.media_item_id)
        offers = messages.to_put(request.entries)
        async with self.database.sessions.begin() as session:
            entries = await service.put(
                session, by=_contributor(), media_item_id=media_item_id, offers=offers
            )
        stale_before = now() - self.stays_true
        return pb.PutAvailabilityResponse(
            entries=(messages.from_entry(entry, stale_before) for entry in entries)
        )

    async def DeleteAvailability(
        self, request: pb.DeleteAvailabilityRequest, context: Any
    ) -> pb.DeleteAvailabilityResponse:
        media_item_id = parse_id("media_item_id", request.media_item_id)
        availability_id = parse_id("availability_id", request.availability_id)
        async with self.database.sessions.begin() as session:
            await service.remove(
                session,
                by=_contributor(),
                media_item_id=media_item_id,
                availability_id=availability_id,
            )
        return pb.DeleteAvailabilityResponse()

    async def SummarizeAvailability(
        self, request: pb.SummarizeAvailabilityRequest, context: Any
    ) -> pb.SummarizeAvailabilityResponse:
        ids = parse_ids("media_item_ids", request.media_item_ids, MOST_IDS)
        stale_before = now() - self.stays_true
        async with self.database.readers() as session:
            summaries = await service.summarize(session, ids, stale_before)
        return pb.SummarizeAvailabilityResponse(summaries=map(messages.from_summary, summaries))


def _contributor() -> Contributor:
    caller = current_caller()
    return Contributor(caller.user_id, caller.is_admin)
