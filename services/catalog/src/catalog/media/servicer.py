"""Works over gRPC: translate, open the session, call the service."""

from typing import Any

from catalog.matching import service as matching
from catalog.matching.messages import from_match, to_drafts
from catalog.media import messages, service
from catalog.media.items import Draft, SourceKey, Upserted
from catalog.media.provenance import origins
from catalog.overrides import service as overrides
from catalog.overrides.messages import to_wish
from catalog.refreshing import service as refreshing
from catalog.refreshing.messages import to_due
from common.db import Database
from common.requests import TooMany, caller_or_none, current_caller, parse_id, parse_ids
from tastebuds.catalog.v1 import media_service_pb2 as pb
from tastebuds.catalog.v1.media_service_pb2_grpc import MediaServiceServicer

MOST_IDS = 500
MOST_DRAFTS = 100


class MediaServicer(MediaServiceServicer):
    def __init__(self, database: Database) -> None:
        self.database = database

    async def UpsertMedia(
        self, request: pb.UpsertMediaRequest, context: Any
    ) -> pb.UpsertMediaResponse:
        caller = caller_or_none()
        draft = messages.to_draft(request.draft, brought_by=caller.user_id if caller else None)
        upserted = await self._upsert(draft, refresh=request.refresh)
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
        caller = caller_or_none()
        reader_id = caller.user_id if caller else None
        async with self.database.readers() as session:
            found = await service.get(session, media_item_id, reader_id)
            appearances = await service.appearances(session, found.item.id)
        return pb.GetMediaResponse(
            item=messages.from_item_as_seen(found),
            sources=map(messages.from_source, found.sources),
            field_sources=map(messages.from_origin, origins(found)),
            appears_in=map(messages.from_appearance, appearances.latest),
            appearance_count=appearances.count,
        )

    async def BatchGetMedia(
        self, request: pb.BatchGetMediaRequest, context: Any
    ) -> pb.BatchGetMediaResponse:
        ids = parse_ids("media_item_ids", request.media_item_ids, MOST_IDS)
        async with self.database.readers() as session:
            found = await service.get_many(session, ids)
        return pb.BatchGetMediaResponse(
            items=map(messages.from_item, {item.id: item for _, item in found}.values()),
            survivors={str(asked): str(item.id) for asked, item in found if asked != item.id},
        )

    async def MatchMedia(
        self, request: pb.MatchMediaRequest, context: Any
    ) -> pb.MatchMediaResponse:
        if len(request.drafts) > MOST_DRAFTS:
            raise TooMany("drafts", MOST_DRAFTS)
        caller = caller_or_none()
        drafts = to_drafts(request.drafts)
        async with self.database.readers() as session:
            matches = await matching.match(session, drafts, caller.user_id if caller else None)
        return pb.MatchMediaResponse(matches=map(from_match, matches))

    async def OverrideMedia(
        self, request: pb.OverrideMediaRequest, context: Any
    ) -> pb.OverrideMediaResponse:
        wish = to_wish(request)
        async with self.database.sessions.begin() as session:
            seen = await overrides.override(session, wish, current_caller())
        return pb.OverrideMediaResponse(
            item=messages.from_item_as_seen(seen),
            sources=map(messages.from_source, seen.sources),
            field_sources=map(messages.from_origin, origins(seen)),
        )

    async def ClaimStaleMedia(
        self, request: pb.ClaimStaleMediaRequest, context: Any
    ) -> pb.ClaimStaleMediaResponse:
        due = to_due(request)
        async with self.database.sessions.begin() as session:
            external_ids = await refreshing.claim(session, due)
        return pb.ClaimStaleMediaResponse(external_ids=external_ids)

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
