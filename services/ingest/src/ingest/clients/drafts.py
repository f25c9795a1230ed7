"""Drafts on the wire."""

from dataclasses import fields
from typing import Any, assert_never

import orjson

from ingest.drafts import (
    AvailabilityDraft,
    BookDraft,
    Extension,
    GameDraft,
    MediaDraft,
    MediaType,
    MusicDraft,
    ScreenDraft,
)
from tastebuds.catalog.v1 import (
    availability_pb2,
    availability_service_pb2,
    media_pb2,
    media_service_pb2,
)

MEDIA_TYPES = {
    MediaType.BOOK: media_pb2.MEDIA_TYPE_BOOK,
    MediaType.MOVIE: media_pb2.MEDIA_TYPE_MOVIE,
    MediaType.TV: media_pb2.MEDIA_TYPE_TV,
    MediaType.GAME: media_pb2.MEDIA_TYPE_GAME,
    MediaType.MUSIC: media_pb2.MEDIA_TYPE_MUSIC,
}


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
        availability=[_availability(each) for each in draft.availability or ()],
        has_availability=draft.availability is not None,
    )


def _availability(draft: AvailabilityDraft) -> availability_service_pb2.NewAvailability:
    return availability_service_pb2.NewAvailability(
        provider=draft.provider,
        region=draft.region,
        format=draft.format,
        status=availability_pb2.AVAILABILITY_STATUS_AVAILABLE,
        deeplink_url=draft.deeplink_url,
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
