"""The works of the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from grpc.aio import AioRpcError, Channel

from common.requests import onward
from common.timestamps import timestamp
from ingest.clients.answers import answer, found
from ingest.clients.drafts import to_proto
from ingest.drafts import MediaDraft, Source
from tastebuds.catalog.v1 import media_pb2, media_service_pb2
from tastebuds.catalog.v1.media_service_pb2_grpc import MediaServiceStub

# Somebody waits for what they searched.
MATCH_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Stored:
    """An item as the catalogue holds it."""

    item: media_pb2.MediaItem
    sources: list[media_pb2.MediaSource]


class Match(NamedTuple):
    """A work that a draft is, without its extension; `in_library` of the request's person."""

    item: media_pb2.MediaItem
    reason: "media_service_pb2.MatchReason.ValueType"
    in_library: bool


class StaleBefore(NamedTuple):
    """Records fetched before are stale; of works that people have, those before `used` too."""

    records: datetime
    used: datetime | None


class CatalogClient:
    """Raises what the catalogue refuses for good, and AioRpcError while it is away."""

    def __init__(self, channel: Channel) -> None:
        self._media = MediaServiceStub(channel)

    async def find(self, source: Source, external_id: str) -> Stored | None:
        request = media_service_pb2.FindMediaBySourceRequest(
            source_name=source, external_id=external_id
        )
        reply = await found(self._media.FindMediaBySource(request, **onward()))
        return Stored(reply.item, list(reply.sources)) if reply else None

    async def get(self, media_item_id: UUID) -> Stored | None:
        """The survivor of a work that was merged into another."""
        request = media_service_pb2.GetMediaRequest(media_item_id=str(media_item_id))
        reply = await found(self._media.GetMedia(request, **onward()))
        return Stored(reply.item, list(reply.sources)) if reply else None

    async def upsert(self, draft: MediaDraft, *, refresh: bool) -> Stored:
        request = media_service_pb2.UpsertMediaRequest(draft=to_proto(draft), refresh=refresh)
        reply = await answer(self._media.UpsertMedia(request, **onward()))
        return Stored(reply.item, list(reply.sources))

    async def match(self, drafts: Sequence[MediaDraft]) -> Mapping[int, Match]:
        """Those of at most 100 drafts that are works of the catalogue, by their index.

        None when the catalogue does not say, for whatever reason: a search can do without.
        """
        request = media_service_pb2.MatchMediaRequest(drafts=map(to_proto, drafts))
        try:
            reply = await self._media.MatchMedia(request, **onward(MATCH_SECONDS))
        except AioRpcError:
            return {}
        return {
            each.index: Match(each.item, each.reason, each.in_library) for each in reply.matches
        }

    async def claim_stale(self, source: Source, due: StaleBefore, limit: int) -> Sequence[str]:
        """External ids of records to fetch again; nobody else is told of them for a day."""
        request = media_service_pb2.ClaimStaleMediaRequest(
            source_name=source,
            fetched_before=timestamp(due.records),
            used_fetched_before=timestamp(due.used) if due.used else None,
            limit=limit,
        )
        reply = await answer(self._media.ClaimStaleMedia(request, **onward()))
        return list(reply.external_ids)
