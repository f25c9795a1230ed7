"""What menus asks the catalogue."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
from grpc.aio import AioRpcError, Channel

from common.grpc_errors import from_rpc_error
from common.requests import onward
from menus.errors import MediaItemNotFound
from menus.tree import Snapshot, Work
from tastebuds.catalog.v1.media_pb2 import MediaItem, MediaType
from tastebuds.catalog.v1.media_service_pb2 import BatchGetMediaRequest
from tastebuds.catalog.v1.media_service_pb2_grpc import MediaServiceStub

IDS_PER_CALL = 500
MINUTE_MS = 60_000
# What lies deeper in a work's metadata is left out; the encoder has a limit of its own.
METADATA_DEPTH = 32

TYPE_NAMES: Mapping[int, str] = MappingProxyType(
    {
        number: name.removeprefix("MEDIA_TYPE_").lower()
        for name, number in MediaType.items()
        if number
    }
)


class CatalogClient:
    def __init__(self, channel: Channel) -> None:
        self._media = MediaServiceStub(channel)

    async def get_works(self, media_item_ids: Sequence[UUID]) -> list[Work]:
        """All of them, or MediaItemNotFound; of what was absorbed the survivor as well.

        One call, beyond 500 ids one call for each 500.
        """
        portions = [
            media_item_ids[start : start + IDS_PER_CALL]
            for start in range(0, len(media_item_ids), IDS_PER_CALL)
        ]
        answers = await asyncio.gather(*map(self._get_portion, portions))
        works = [work for answer in answers for work in answer]
        known = {work.snapshot.media_item_id for work in works}
        for wanted in media_item_ids:
            if wanted not in known:
                raise MediaItemNotFound(media_item_id=wanted)
        return list({work.snapshot.media_item_id: work for work in works}.values())

    async def _get_portion(self, media_item_ids: Sequence[UUID]) -> list[Work]:
        request = BatchGetMediaRequest(media_item_ids=map(str, media_item_ids))
        try:
            reply = await self._media.BatchGetMedia(request, **onward())
        except AioRpcError as error:
            raise from_rpc_error(error) or error from error
        works = {item.id: to_work(item) for item in reply.items}
        absorbed = [
            _absorbed(UUID(asked), works[survivor]) for asked, survivor in reply.survivors.items()
        ]
        return [*works.values(), *absorbed]


def _absorbed(media_item_id: UUID, survivor: Work) -> Work:
    return survivor._replace(
        snapshot=survivor.snapshot._replace(media_item_id=media_item_id),
        merged_into=survivor.snapshot.media_item_id,
    )


def to_work(item: MediaItem) -> Work:
    """What menus keep of a work; texts without NUL, which Postgres cannot store."""
    snapshot = Snapshot(
        media_item_id=UUID(item.id),
        media_type=TYPE_NAMES.get(item.media_type, "unspecified"),
        title=_storable(item.title) or "",
        subtitle=_storable(item.subtitle),
        description=_storable(item.description),
        release_date=_date(item.release_date),
        cover_image_url=_storable(item.cover_image_url),
        canonical_url=_storable(item.canonical_url),
        metadata_json=_json_object(item.metadata_json),
        creators=[name for creator in item.creators if (name := _storable(creator))],
    )
    return Work(snapshot, item.updated_at.ToDatetime(UTC), _duration_ms(item))


def _storable(value: str) -> str | None:
    return value.replace("\0", "") or None


def _date(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _json_object(value: str) -> str | None:
    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(parsed, dict):
        return None
    return orjson.dumps(_storable_json(parsed, METADATA_DEPTH)).decode()


def _storable_json(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return None
    if isinstance(value, list):
        return [_storable_json(inner, depth - 1) for inner in value]
    return {key.replace("\0", ""): _storable_json(inner, depth - 1) for key, inner in value.items()}


def _duration_ms(item: MediaItem) -> int | None:
    if item.screen.HasField("runtime_minutes"):
        return item.screen.runtime_minutes * MINUTE_MS
    if item.music.HasField("duration_ms"):
        return item.music.duration_ms
    return None
