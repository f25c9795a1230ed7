"""Which hits of a question are one work, though different sources have them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from ingest.drafts import BookDraft, GameDraft, MediaDraft, MusicDraft, ScreenDraft
from ingest.previews.shown import Shown


class Likeness(StrEnum):
    """Why two records are one work, surest first."""

    CANONICAL_URL = "canonical_url"
    ISBN = "isbn"
    IMDB_ID = "imdb_id"
    MBID = "mbid"
    TITLE_YEAR_CREATOR = "title_year_creator"


class Twin(NamedTuple):
    """What an earlier source showed of the same work."""

    preview_id: UUID
    reason: Likeness


Key = tuple[Likeness, str]


def twins(hits: Iterable[Shown]) -> Mapping[UUID, Twin]:
    """Of each hit that an earlier source has too, the first one's; in the order of the answer."""
    first: dict[Key, Shown] = {}
    found: dict[UUID, Twin] = {}
    for hit in hits:
        keys = list(_keys(hit.draft))
        for key in keys:
            other = first.get(key)
            if other is not None and other.draft.source_name is not hit.draft.source_name:
                preview_id = found[other.id].preview_id if other.id in found else other.id
                found[hit.id] = Twin(preview_id, key[0])
                break
        for key in keys:
            first.setdefault(key, hit)
    return found


def _keys(draft: MediaDraft) -> Iterator[Key]:
    """By each of which it can be known; surest first."""
    if draft.canonical_url:
        yield Likeness.CANONICAL_URL, _address(draft.canonical_url)
    match draft.extension:
        case BookDraft() as book:
            if isbn := book.isbn_13 or _longer_isbn(book.isbn_10 or ""):
                yield Likeness.ISBN, isbn
        case ScreenDraft(imdb_id=str(imdb_id)):
            yield Likeness.IMDB_ID, imdb_id
        case MusicDraft(mbid=str(mbid)):
            yield Likeness.MBID, mbid.lower()
    title = _words(draft.title)
    if title and draft.release_date:
        for creator in filter(None, map(_words, creators(draft))):
            told = (draft.media_type, title, str(draft.release_date.year), creator)
            yield Likeness.TITLE_YEAR_CREATOR, "\n".join(told)


def creators(draft: MediaDraft) -> tuple[str, ...]:
    match draft.extension:
        case BookDraft(authors=authors):
            return authors
        case ScreenDraft(directors=directors):
            return directors
        case GameDraft(developers=developers):
            return developers
        case MusicDraft(artist_name=str(artist)):
            return (artist,)
    return ()


def _address(url: str) -> str:
    """Without what makes no difference to which page it is."""
    return re.sub(r"^https?://(?:www\.)?", "", url.casefold()).rstrip("/")


def _longer_isbn(isbn_10: str) -> str | None:
    """ISBN-13 of the same book (ISO 2108): another prefix, another check digit."""
    if not re.fullmatch(r"[0-9]{9}[0-9Xx]", isbn_10):
        return None
    digits = f"978{isbn_10[:9]}"
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighed % 10}"


def _words(text: str) -> str:
    """Letters and digits alone, without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    return " ".join(re.findall(r"\w+", letters))
