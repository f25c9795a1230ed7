"""What a source says, made fit to store: nobody can correct a source, so nothing is refused for
being too long or odd; it is cut or left out. Only a work without a name or a title is no work."""

import math
import re
from dataclasses import replace
from typing import assert_never

from catalog.media import bounds
from catalog.media.errors import InvalidMedia
from catalog.media.items import (
    Book,
    Draft,
    Extension,
    Facts,
    Game,
    Music,
    Screen,
    SourceKey,
    creators_of,
)
from catalog.models import (
    LONGEST_EXTERNAL_ID,
    LONGEST_LANGUAGE,
    LONGEST_NAME,
    LONGEST_TITLE,
)

MANUAL = "manual"
_SOURCE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LONGEST_TMDB_TYPE = 8
_LONGEST_IMDB_ID = 16
_LONGEST_MBID = 36
# Listeners, votes, sales: none counts further than a real can tell.
_MOST_POPULAR = 1e30


def make_draft(
    key: SourceKey,
    facts: Facts,
    *,
    source_url: str | None,
    raw_payload: bytes,
    popularity: float | None,
) -> Draft:
    """Raises InvalidMedia when the source, the id there or the title is missing."""
    faults = key_faults(key)
    bounded = bounded_facts(facts)
    if not bounded.title:
        faults["title"] = "must not be empty"
    if faults:
        raise InvalidMedia(faults)
    return Draft(
        key=key,
        facts=bounded,
        source_url=_url(source_url),
        raw_payload=bounds.json_within(raw_payload, bounds.LARGEST_RAW_PAYLOAD),
        raw_payload_bytes=len(raw_payload),
        popularity=_popularity(popularity),
    )


def key_faults(key: SourceKey) -> dict[str, str]:
    faults = {}
    if not _SOURCE_NAME.fullmatch(key.source_name) or key.source_name == MANUAL:
        faults["source_name"] = "must be the name of a source"
    readable = bounds.readable(key.external_id)
    if readable != key.external_id or len(key.external_id) > LONGEST_EXTERNAL_ID:
        faults["external_id"] = f"must be an id of 1 to {LONGEST_EXTERNAL_ID} characters"
    return faults


def bounded_facts(facts: Facts) -> Facts:
    extension = _extension(facts.extension) if facts.extension else None
    metadata = bounds.json_object(facts.metadata_json)
    if metadata is not None:
        metadata = bounds.json_within(metadata.encode(), bounds.LARGEST_METADATA).decode()
    return replace(
        facts,
        title=bounds.cut(bounds.line(facts.title), LONGEST_TITLE) or "",
        subtitle=bounds.cut(bounds.line(facts.subtitle), LONGEST_TITLE),
        description=bounds.cut(bounds.readable(facts.description), bounds.LONGEST_DESCRIPTION),
        cover_image_url=_url(facts.cover_image_url),
        canonical_url=_url(facts.canonical_url),
        metadata_json=metadata,
        creators=creators_of(extension),
        extension=extension,
    )


def _extension(extension: Extension) -> Extension:
    match extension:
        case Book():
            return Book(
                authors=bounds.names(extension.authors),
                page_count=_positive(extension.page_count),
                publisher=_name(extension.publisher),
                language=_within(extension.language, LONGEST_LANGUAGE),
                isbn_10=bounds.isbn(extension.isbn_10, 10),
                isbn_13=bounds.isbn(extension.isbn_13, bounds.ISBN_13_DIGITS),
            )
        case Screen():
            return Screen(
                runtime_minutes=_positive(extension.runtime_minutes),
                directors=bounds.names(extension.directors),
                producers=bounds.names(extension.producers),
                tmdb_type=_within(extension.tmdb_type, _LONGEST_TMDB_TYPE),
                imdb_id=_within(extension.imdb_id, _LONGEST_IMDB_ID),
            )
        case Game():
            return Game(
                platforms=bounds.names(extension.platforms),
                developers=bounds.names(extension.developers),
                publishers=bounds.names(extension.publishers),
                genres=bounds.names(extension.genres),
            )
        case Music():
            return Music(
                artist_name=_name(extension.artist_name),
                album_name=_name(extension.album_name),
                track_number=_positive(extension.track_number),
                duration_ms=_positive(extension.duration_ms),
                mbid=_within(extension.mbid, _LONGEST_MBID),
            )
        case _:
            assert_never(extension)


def _name(value: str | None) -> str | None:
    return bounds.cut(bounds.line(value), LONGEST_NAME)


def _within(value: str | None, longest: int) -> str | None:
    """A code: one that is too long is none."""
    code = bounds.line(value)
    return code if code and len(code) <= longest else None


def _url(value: str | None) -> str | None:
    url = bounds.readable(value)
    return url if url and bounds.is_url(url) else None


def _positive(number: int | None) -> int | None:
    return number if number and number > 0 else None


def _popularity(value: float | None) -> float | None:
    if value is None or math.isnan(value):
        return None
    return min(max(value, 0.0), _MOST_POPULAR)
