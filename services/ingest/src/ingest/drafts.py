"""What a connector makes of an upstream's answer: media, normalised, not yet in the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"


class MediaType(StrEnum):
    BOOK = "book"
    MOVIE = "movie"
    TV = "tv"
    GAME = "game"
    MUSIC = "music"


class Source(StrEnum):
    """An upstream catalogue; the value is its public name (`source_name`)."""

    GOOGLE_BOOKS = "google_books"
    TMDB = "tmdb"
    IGDB = "igdb"
    LASTFM = "lastfm"
    OPEN_LIBRARY = "open_library"
    MUSICBRAINZ = "musicbrainz"


@dataclass(frozen=True, slots=True)
class BookDraft:
    authors: tuple[str, ...] = ()
    page_count: int | None = None
    publisher: str | None = None
    language: str | None = None
    isbn_10: str | None = None
    isbn_13: str | None = None


@dataclass(frozen=True, slots=True)
class ScreenDraft:
    """A film or a series; `tmdb_type` is TMDB's own word for which (`movie` or `tv`)."""

    runtime_minutes: int | None = None
    directors: tuple[str, ...] = ()
    producers: tuple[str, ...] = ()
    tmdb_type: str | None = None
    imdb_id: str | None = None


@dataclass(frozen=True, slots=True)
class GameDraft:
    platforms: tuple[str, ...] = ()
    developers: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MusicDraft:
    artist_name: str | None = None
    album_name: str | None = None
    track_number: int | None = None
    duration_ms: int | None = None
    mbid: str | None = None


Extension: TypeAlias = BookDraft | ScreenDraft | GameDraft | MusicDraft


@dataclass(frozen=True, slots=True)
class AvailabilityDraft:
    """Where a work can be had: `region` is ISO 3166-1 alpha-2, `format` stream, rent, buy …"""

    provider: str
    region: str
    format: str
    deeplink_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDraft:
    """One item of one source.

    `canonical_url` is the page a person opens, `source_url` the address of the record that was
    read; `metadata` and `raw_payload` are JSON (the latter as received); `popularity` compares
    only with that of the same source. `availability` is None where the answer does not tell.
    """

    media_type: MediaType
    source_name: Source
    external_id: str
    title: str
    extension: Extension
    raw_payload: bytes
    subtitle: str | None = None
    description: str | None = None
    release_date: date | None = None
    cover_image_url: str | None = None
    canonical_url: str | None = None
    source_url: str | None = None
    metadata: Mapping[str, Json] = field(default_factory=dict)
    popularity: float | None = None
    availability: tuple[AvailabilityDraft, ...] | None = None
