"""The catalogue, as ingest calls it."""

from dataclasses import dataclass, fields
from typing import Any, assert_never

import orjson
from grpc import StatusCode
from grpc.aio import AioRpcError, Channel

from common.requests import onward
from ingest.drafts import (
    BookDraft,
    Extension,
    GameDraft,
    MediaDraft,
    MediaType,
    MusicDraft,
    ScreenDraft,
    Source,
)
from tastebuds.catalog.v1 import media_pb2, media_service_pb2
from tastebuds.catalog.v1.media_service_pb2_grpc import MediaServiceStub

MEDIA_TYPES = {
    MediaType.BOOK: media_pb2.MEDIA_TYPE_BOOK,
    MediaType.MOVIE: media_pb2.MEDIA_TYPE_MOVIE,
    MediaType.TV: media_pb2.MEDIA_TYPE_TV,
    MediaType.GAME: media_pb2.MEDIA_TYPE_GAME,
    MediaType.MUSIC: media_pb2.MEDIA_TYPE_MUSIC,
}


@dataclass(frozen=True, slots=True)
class Stored:
    """An item as the catalogue holds it."""

    item: media_pb2.MediaItem
    sources: list[media_pb2.MediaSource]


class CatalogClient:
    def __init__(self, channel: Channel) -> None:
        self._media = MediaServiceStub(channel)

    async def find(self, source: Source, external_id: str) -> Stored | None:
        request = media_service_pb2.FindMediaBySourceRequest(
            source_name=source, external_id=external_id
        )
        try:
            reply = await self._media.FindMediaBySource(request, **onward())
        except AioRpcError as error:
            if error.code() is StatusCode.NOT_FOUND:
                return None
            raise
        return Stored(reply.item, list(reply.sources))

    async def upsert(self, draft: MediaDraft, *, refresh: bool) -> Stored:
        request = media_service_pb2.UpsertMediaRequest(draft=to_proto(draft), refresh=refresh)
        reply = await self._media.UpsertMedia(request, **onward())
        return Stored(reply.item, list(reply.sources))


def to_proto(draft: MediaDraft) -> media_service_pb2.MediaDraft:
    item = media_pb2.MediaItem(
        media_type=MEDIA_TYPES[draft.media_type],
        title=draft.title,
        subtitle=draft.subtitle,
        description=draft.description,
        release_date=draft.release_date.isoformat() if draft.release_date else None,
        cover_image_url=draft.cover_image_url,
        canonical_url=draft.canonical_url,
        metadata_json=orjson.dumps(draft.metadata).decode() if draft.metadata else None,
    )
    _set_extension(item, draft)
    return media_service_pb2.MediaDraft(
        item=item,
        source_name=draft.source_name,
        external_id=draft.external_id,
        source_url=draft.source_url,
        raw_payload=draft.raw_payload,
        popularity=draft.popularity,
    )


def _set_extension(item: media_pb2.MediaItem, draft: MediaDraft) -> None:
    match draft.extension:
        case BookDraft() as book:
            item.book.CopyFrom(media_pb2.Book(**_fields(book)))
        case ScreenDraft() as screen:
            item.screen.CopyFrom(media_pb2.Screen(**_fields(screen)))
        case GameDraft() as game:
            item.game.CopyFrom(media_pb2.Game(**_fields(game)))
        case MusicDraft() as music:
            item.music.CopyFrom(media_pb2.Music(**_fields(music)))
        case _:
            assert_never(draft.extension)


def _fields(extension: Extension) -> dict[str, Any]:
    """The draft's fields are called as the message's; a test holds them together."""
    return {each.name: getattr(extension, each.name) for each in fields(extension)}
