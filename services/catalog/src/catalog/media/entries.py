"""What a person types in: refused with a word for each field that is wrong, never changed."""

from collections.abc import Iterable
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

from catalog.media import bounds
from catalog.media.drafts import MANUAL, bounded_facts
from catalog.media.errors import InvalidMedia
from catalog.media.items import Book, Draft, Extension, Facts, Game, Music, Screen, SourceKey
from catalog.models import (
    LONGEST_LANGUAGE,
    LONGEST_NAME,
    LONGEST_TITLE,
    LONGEST_URL,
)

LATEST_YEAR = 2200
_ENTRIES = uuid5(NAMESPACE_URL, "tastebuds:manual-media")


def make_entry(facts: Facts, user_id: UUID) -> Draft:
    """Raises InvalidMedia. The same person's same title of the same kind and year is one entry."""
    faults = dict(_faults(facts))
    if faults:
        raise InvalidMedia(faults)
    entry = bounded_facts(facts)
    year = entry.release_date.year if entry.release_date else ""
    name = f"{user_id}\n{entry.media_type}\n{year}\n{entry.title.casefold()}"
    content = orjson.dumps(entry)
    return Draft(
        key=SourceKey(MANUAL, str(uuid5(_ENTRIES, name))),
        facts=entry,
        raw_payload=bounds.json_within(content, bounds.LARGEST_RAW_PAYLOAD),
        raw_payload_bytes=len(content),
        created_by=user_id,
    )


Faults = Iterable[tuple[str, str]]


def shown_faults(facts: Facts) -> Faults:
    """Of the fields that every kind has but the metadata."""
    yield from _too_long("title", facts.title, LONGEST_TITLE)
    yield from _too_long("subtitle", facts.subtitle, LONGEST_TITLE)
    yield from _too_long("description", facts.description, bounds.LONGEST_DESCRIPTION)
    if facts.release_date and facts.release_date.year > LATEST_YEAR:
        yield "release_date", f"must not be later than the year {LATEST_YEAR}"
    for field, url in (
        ("cover_image_url", facts.cover_image_url),
        ("canonical_url", facts.canonical_url),
    ):
        if url and not bounds.is_url(url):
            yield field, f"must be an http or https address of at most {LONGEST_URL} characters"


def _faults(facts: Facts) -> Faults:
    if not bounds.line(facts.title):
        yield "title", "must not be empty"
    yield from shown_faults(facts)
    if facts.metadata_json:
        yield from _metadata_faults(facts.metadata_json)
    if facts.extension:
        yield from _extension_faults(facts.extension)


def _metadata_faults(text: str) -> Faults:
    metadata = bounds.json_object(text)
    if metadata is None and text.strip() != "{}":
        yield "metadata", "must be a JSON object"
    elif metadata and len(metadata.encode()) > bounds.LARGEST_METADATA:
        yield "metadata", f"must have at most {bounds.LARGEST_METADATA} bytes"


def _extension_faults(extension: Extension) -> Faults:
    match extension:
        case Book():
            yield from _names_faults("authors", extension.authors)
            yield from _too_long("publisher", extension.publisher, LONGEST_NAME)
            yield from _too_long("language", extension.language, LONGEST_LANGUAGE)
            yield from _not_positive("page_count", extension.page_count)
            yield from _isbn_faults("isbn_10", extension.isbn_10, 10)
            yield from _isbn_faults("isbn_13", extension.isbn_13, bounds.ISBN_13_DIGITS)
        case Screen():
            yield from _names_faults("directors", extension.directors)
            yield from _names_faults("producers", extension.producers)
            yield from _not_positive("runtime_minutes", extension.runtime_minutes)
        case Game():
            for field in ("platforms", "developers", "publishers", "genres"):
                yield from _names_faults(field, getattr(extension, field))
        case Music():
            yield from _too_long("artist_name", extension.artist_name, LONGEST_NAME)
            yield from _too_long("album_name", extension.album_name, LONGEST_NAME)
            yield from _not_positive("track_number", extension.track_number)
            yield from _not_positive("duration_ms", extension.duration_ms)


def _too_long(field: str, value: str | None, longest: int) -> Faults:
    if value and len(value.strip()) > longest:
        yield field, f"must have at most {longest} characters"


def _not_positive(field: str, number: int | None) -> Faults:
    if number is not None and number <= 0:
        yield field, "must be greater than 0"


def _names_faults(field: str, names: tuple[str, ...]) -> Faults:
    if len(names) > bounds.MOST_NAMES:
        yield field, f"must have at most {bounds.MOST_NAMES} entries"
    elif any(len(name.strip()) > LONGEST_NAME for name in names):
        yield field, f"must have entries of at most {LONGEST_NAME} characters"


def _isbn_faults(field: str, value: str | None, digits: int) -> Faults:
    if value and not bounds.isbn(value, digits):
        yield field, f"must be an ISBN of {digits} digits with a right check digit"
