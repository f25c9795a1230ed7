"""Taste profiles over gRPC."""

from typing import Any

from catalog.taste import service
from catalog.taste.messages import from_profile
from catalog.taste.profiles import Kept
from catalog.taste.service import Profiles
from common.db import Database, now
from common.requests import current_caller
from tastebuds.catalog.v1 import taste_service_pb2 as pb
from tastebuds.catalog.v1.taste_service_pb2_grpc import TasteServiceServicer


class TasteServicer(TasteServiceServicer):
    def __init__(self, database: Database, profiles: Profiles) -> None:
        self.database = database
        self.profiles = profiles

    async def GetTasteProfile(
        self, request: pb.GetTasteProfileRequest, context: Any
    ) -> pb.GetTasteProfileResponse:
        kept = None if request.refresh else await self._find()
        if kept is None:
            async with self.database.sessions.begin() as session:
                user_id = current_caller().user_id
                kept = await service.compute(session, user_id, asked_at=now())
        return pb.GetTasteProfileResponse(profile=from_profile(kept))

    async def _find(self) -> Kept | None:
        """Without a transaction, but for once a day."""
        user_id = current_caller().user_id
        async with self.database.readers() as session:
            kept = await self.profiles.find_fresh(session, user_id)
        if kept is not None and service.is_to_be_noted(kept, now()):
            async with self.database.sessions.begin() as session:
                await service.note_asked(session, user_id)
        return kept
