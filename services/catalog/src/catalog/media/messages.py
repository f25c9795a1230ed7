"""Works on the wire."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from catalog.availability.messages import to_told
from catalog.media.drafts import make_draft
from catalog.media.entries import make_entry
from catalog.media.errors import InvalidMedia
from catalog.media.items import (
    Book,
    Draft,
    Extension,
    Facts,
    Game,
    Item,
    MediaType,
    Music,
    Screen,
    Source,
    SourcedItem,
    SourceKey,
)
from catalog.media.provenance import Origin, as_seen
from catalog.placements.menus import Appearance
from common.timestamps import timestamp
from tastebuds.catalog.v1 import media_pb2 as pb
from tastebuds.catalog.v1.media_service_pb2 import Appearance as AppearanceMessage
from tastebuds.catalog.v1.media_service_pb2 import FieldSource, MediaDraft

_WIRE_TYPES: dict[str, pb.MediaType.ValueType] = {
    MediaType.BOOK: pb.MEDIA_TYPE_BOOK,
    MediaType.MOVIE: pb.MEDIA_TYPE_MOVIE,
    MediaType.TV: pb.MEDIA_TYPE_TV,
    MediaType.GAME: pb.MEDIA_TYPE_GAME,
    MediaType.MUSIC: pb.MEDIA_TYPE_MUSIC,
}
_MEDIA_TYPES = {_WIRE_TYPES[media_type]: media_type for media_type in MediaType}


def to_media_type(value: pb.MediaType.ValueType) -> MediaType:
    media_type = _MEDIA_TYPES.get(value)
    if media_type is None:
        raise InvalidMedia({"media_type": f"must be one of {', '.join(MediaType)}"})
    return media_type


def from_media_type(media_type: str) -> pb.MediaType.ValueType:
    """Of a MediaType, or the text of one."""
    return _WIRE_TYPES[media_type]


def to_draft(message: MediaDraft, brought_by: UUID | None = None) -> Draft:
    """Raises InvalidMedia."""
    draft = make_draft(
        SourceKey(message.source_name, message.external_id),
        _to_facts(message.item),
        source_url=message.source_url,
        raw_payload=message.raw_payload,
        popularity=message.popularity if message.HasField("popularity") else None,
    )
    availability = to_told(message.availability) if message.has_availability else None
    return replace(draft, created_by=brought_by, availability=availability)


def to_entry(message: pb.MediaItem, user_id: UUID) -> Draft:
    return make_entry(_to_facts(message), user_id)


def from_item(item: Item) -> pb.MediaItem:
    facts = item.facts
    message = pb.MediaItem(
        id=str(item.id),
        media_type=_WIRE_TYPES[facts.media_type],
        title=facts.title,
        subtitle=facts.subtitle,
        description=facts.description,
        release_date=facts.release_date.isoformat() if facts.release_date else None,
        cover_image_url=facts.cover_image_url,
        canonical_url=facts.canonical_url,
        metadata_json=facts.metadata_json,
        creators=facts.creators,
        created_at=timestamp(item.created_at),
        updated_at=timestamp(item.updated_at),
    )
    match facts.extension:
        case Book() as book:
            message.book.CopyFrom(_from_book(book))
        case Screen() as screen:
            message.screen.CopyFrom(_from_screen(screen))
        case Game() as game:
            message.game.CopyFrom(_from_game(game))
        case Music() as music:
            message.music.CopyFrom(_from_music(music))
    return message


def from_source(source: Source) -> pb.MediaSource:
    return pb.MediaSource(
        id=str(source.id),
        source_name=source.key.source_name,
        external_id=source.key.external_id,
        canonical_url=source.canonical_url,
        fetched_at=timestamp(source.fetched_at),
    )


def from_item_as_seen(stored: SourcedItem) -> pb.MediaItem:
    """By the person for whom it was read."""
    return from_item(replace(stored.item, facts=as_seen(stored)))


def from_origin(origin: Origin) -> FieldSource:
    return FieldSource(
        field=origin.field,
        source_name=origin.source_name,
        external_id=origin.external_id,
        at=timestamp(origin.at),
    )


def from_appearance(appearance: Appearance) -> AppearanceMessage:
    return AppearanceMessage(slug=appearance.slug, title=appearance.title)


def _to_facts(message: pb.MediaItem) -> Facts:
    media_type = to_media_type(message.media_type)
    return Facts(
        media_type=media_type,
        title=message.title,
        subtitle=message.subtitle or None,
        description=message.description or None,
        release_date=_to_date(message.release_date),
        cover_image_url=message.cover_image_url or None,
        canonical_url=message.canonical_url or None,
        metadata_json=message.metadata_json or None,
        extension=_to_extension(media_type, message),
    )


def _to_date(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidMedia({"release_date": "must be a date such as 1999-03-31"}) from None


def _to_extension(media_type: MediaType, message: pb.MediaItem) -> Extension:
    """The part that belongs to the kind; another kind's is no part of it."""
    match media_type:
        case MediaType.BOOK:
            return _to_book(message.book)
        case MediaType.GAME:
            return _to_game(message.game)
        case MediaType.MUSIC:
            return _to_music(message.music)
        case MediaType.MOVIE | MediaType.TV:
            return _to_screen(message.screen)


def _to_book(message: pb.Book) -> Book:
    return Book(
        authors=tuple(message.authors),
        page_count=message.page_count if message.HasField("page_count") else None,
        publisher=message.publisher or None,
        language=message.language or None,
        isbn_10=message.isbn_10 or None,
        isbn_13=message.isbn_13 or None,
    )


def _from_book(book: Book) -> pb.Book:
    return pb.Book(
        authors=book.authors,
        page_count=book.page_count,
        publisher=book.publisher,
        language=book.language,
        isbn_10=book.isbn_10,
        isbn_13=book.isbn_13,
    )


def _to_screen(message: pb.Screen) -> Screen:
    return Screen(
        runtime_minutes=message.runtime_minutes if message.HasField("runtime_minutes") else None,
        directors=tuple(message.directors),
        producers=tuple(message.producers),
        tmdb_type=message.tmdb_type or None,
        imdb_id=message.imdb_id or None,
    )


def _from_screen(screen: Screen) -> pb.Screen:
    return pb.Screen(
        runtime_minutes=screen.runtime_minutes,
        directors=screen.directors,
        producers=screen.producers,
        tmdb_type=screen.tmdb_type,
        imdb_id=screen.imdb_id,
    )


def _to_game(message: pb.Game) -> Game:
    return Game(
        platforms=tuple(message.platforms),
        developers=tuple(message.developers),
        publishers=tuple(message.publishers),
        genres=tuple(message.genres),
    )


def _from_game(game: Game) -> pb.Game:
    return pb.Game(
        platforms=game.platforms,
        developers=game.developers,
        publishers=game.publishers,
        genres=game.genres,
    )


def _to_music(message: pb.Music) -> Music:
    return Music(
        artist_name=message.artist_name or None,
        album_name=message.album_name or None,
        track_number=message.track_number if message.HasField("track_number") else None,
        duration_ms=message.duration_ms if message.HasField("duration_ms") else None,
        mbid=message.mbid or None,
    )


def _from_music(music: Music) -> pb.Music:
    return pb.Music(
        artist_name=music.artist_name,
        album_name=music.album_name,
        track_number=music.track_number,
        duration_ms=music.duration_ms,
        mbid=music.mbid,
    )
