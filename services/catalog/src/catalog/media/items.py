"""What the catalogue says of a work, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from catalog.availability.offers import Offer


class MediaType(StrEnum):
    BOOK = "book"
    MOVIE = "movie"
    TV = "tv"
    GAME = "game"
    MUSIC = "music"


@dataclass(frozen=True, slots=True)
class Book:
    authors: tuple[str, ...] = ()
    page_count: int | None = None
    publisher: str | None = None
    language: str | None = None
    isbn_10: str | None = None
    isbn_13: str | None = None


@dataclass(frozen=True, slots=True)
class Screen:
    """A film or a series."""

    runtime_minutes: int | None = None
    directors: tuple[str, ...] = ()
    producers: tuple[str, ...] = ()
    tmdb_type: str | None = None
    imdb_id: str | None = None


@dataclass(frozen=True, slots=True)
class Game:
    platforms: tuple[str, ...] = ()
    developers: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Music:
    artist_name: str | None = None
    album_name: str | None = None
    track_number: int | None = None
    duration_ms: int | None = None
    mbid: str | None = None


Extension: TypeAlias = Book | Screen | Game | Music

EXTENSIONS: dict[MediaType, type[Extension]] = {
    MediaType.BOOK: Book,
    MediaType.MOVIE: Screen,
    MediaType.TV: Screen,
    MediaType.GAME: Game,
    MediaType.MUSIC: Music,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is said of a work. `metadata_json` is the text of a JSON object."""

    media_type: MediaType
    title: str
    subtitle: str | None = None
    description: str | None = None
    release_date: date | None = None
    cover_image_url: str | None = None
    canonical_url: str | None = None
    metadata_json: str | None = None
    # The people a reader would name: see creators_of.
    creators: tuple[str, ...] = ()
    # Not read for lists.
    extension: Extension | None = None


@dataclass(frozen=True, slots=True)
class SourceKey:
    """How a source names a work."""

    source_name: str
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What one source says of a work, clean and within bounds (see drafts.py, entries.py)."""

    key: SourceKey
    facts: Facts
    source_url: str | None = None
    raw_payload: bytes
    raw_payload_bytes: int
    # The source's own measure.
    popularity: float | None = None
    # The person who brought it in.
    created_by: UUID | None = None
    # Where it can be had; None when the source does not say.
    availability: tuple[Offer, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A work in the catalogue."""

    id: UUID
    facts: Facts
    popularity: float
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    id: UUID
    key: SourceKey
    canonical_url: str | None
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What a field is instead, as text; without a person it is everybody's."""

    field: str
    value: str
    # What the sources say, of everybody's.
    replaced: str | None
    user_id: UUID | None
    set_at: datetime


@dataclass(frozen=True, slots=True)
class SourcedItem:
    """A work, its sources from the oldest on, and whose word its fields are: see provenance.py."""

    item: Item
    sources: tuple[Source, ...]
    field_sources: Mapping[str, UUID] | None = None
    overrides: tuple[Override, ...] = ()

    @property
    def keys(self) -> tuple[SourceKey, ...]:
        return tuple(source.key for source in self.sources)


@dataclass(frozen=True, slots=True)
class Upserted:
    stored: SourcedItem
    created: bool


def creators_of(extension: Extension | None) -> tuple[str, ...]:
    match extension:
        case Book(authors=names) | Screen(directors=names) | Game(developers=names):
            return names
        case Music(artist_name=str(name)):
            return (name,)
        case _:
            return ()
