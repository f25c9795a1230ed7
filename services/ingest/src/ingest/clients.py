"""The catalogue, as ingest calls it."""

from dataclasses import dataclass
from typing import assert_never

import orjson
from grpc import StatusCode
from grpc.aio import AioRpcError, Channel

from common.requests import onward
from ingest.drafts import (
    BookDraft,
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
            item.book.CopyFrom(
                media_pb2.Book(
                    authors=book.authors,
                    page_count=book.page_count,
                    publisher=book.publisher,
                    language=book.language,
                    isbn_10=book.isbn_10,
                    isbn_13=book.isbn_13,
                )
            )
        case ScreenDraft() as screen:
            item.screen.CopyFrom(
                media_pb2.Screen(
                    runtime_minutes=screen.runtime_minutes,
                    directors=screen.directors,
                    producers=screen.producers,
                    tmdb_type=screen.tmdb_type,
                    imdb_id=screen.imdb_id,
                )
            )
        case GameDraft() as game:
            item.game.CopyFrom(
                media_pb2.Game(
                    platforms=game.platforms,
                    developers=game.developers,
                    publishers=game.publishers,
                    genres=game.genres,
                )
            )
        case MusicDraft() as music:
            item.music.CopyFrom(
                media_pb2.Music(
                    artist_name=music.artist_name,
                    album_name=music.album_name,
                    track_number=music.track_number,
                    duration_ms=music.duration_ms,
                    mbid=music.mbid,
                )
            )
        case _:
            assert_never(draft.extension)
