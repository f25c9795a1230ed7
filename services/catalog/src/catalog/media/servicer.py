"""Works over gRPC: translate, open the session, call the service."""

from typing import Any

from catalog.media import messages, service
from catalog.media.items import Draft, SourceKey, Upserted
from common.db import Database
from common.requests import current_caller, parse_id, parse_ids
from tastebuds.catalog.v1 import media_service_pb2 as pb
from tastebuds.catalog.v1.media_service_pb2_grpc import MediaServiceServicer

MOST_IDS = 500


class MediaServicer(MediaServiceServicer):
    def __init__(self, database: Database) -> None:
        self.database = database

    async def UpsertMedia(
        self, request: pb.UpsertMediaRequest, context: Any
    ) -> pb.UpsertMediaResponse:
        upserted = await self._upsert(messages.to_draft(request.draft), refresh=request.refresh)
        return pb.UpsertMediaResponse(
            item=messages.from_item(upserted.stored.item),
            sources=map(messages.from_source, upserted.stored.sources),
            created=upserted.created,
        )

    async def CreateManualMedia(
        self, request: pb.CreateManualMediaRequest, context: Any
    ) -> pb.CreateManualMediaResponse:
        entry = messages.to_entry(request.item, current_caller().user_id)
        upserted = await self._upsert(entry, refresh=False)
        return pb.CreateManualMediaResponse(
            item=messages.from_item(upserted.stored.item),
            sources=map(messages.from_source, upserted.stored.sources),
            created=upserted.created,
        )

    async def GetMedia(self, request: pb.GetMediaRequest, context: Any) -> pb.GetMediaResponse:
        media_item_id = parse_id("media_item_id", request.media_item_id)
        async with self.database.readers() as session:
            found = await service.get(session, media_item_id)
        return pb.GetMediaResponse(
            item=messages.from_item(found.item), sources=map(messages.from_source, found.sources)
        )

    async def BatchGetMedia(
        self, request: pb.BatchGetMediaRequest, context: Any
    ) -> pb.BatchGetMediaResponse:
        ids = parse_ids("media_item_ids", request.media_item_ids, MOST_IDS)
        async with self.database.readers() as session:
            items = await service.get_many(session, ids)
        return pb.BatchGetMediaResponse(items=map(messages.from_item, items))

    async def FindMediaBySource(
        self, request: pb.FindMediaBySourceRequest, context: Any
    ) -> pb.FindMediaBySourceResponse:
        key = SourceKey(request.source_name, request.external_id)
        async with self.database.readers() as session:
            found = await service.get_by_source(session, key)
        return pb.FindMediaBySourceResponse(
            item=messages.from_item(found.item), sources=map(messages.from_source, found.sources)
        )

    async def _upsert(self, draft: Draft, *, refresh: bool) -> Upserted:
        """Most works are known already: these are answered without a transaction."""
        if not refresh:
            async with self.database.readers() as session:
                known = await service.find_by_source(session, draft.key)
            if known is not None:
                return Upserted(known, created=False)
        async with self.database.sessions.begin() as session:
            upserted = await service.upsert_many(session, [draft], refresh=refresh)
        return upserted[draft.key]
