"""When two descriptions are of one work: pure rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from catalog.media import bounds
from catalog.media.drafts import MANUAL
from catalog.media.indexing import title_key
from catalog.media.items import Book, Facts, Music, Screen, SourcedItem

# Of all the words of two titles, the part that both have, from which on they are alike.
ALIKE = 0.6


class IdKind(StrEnum):
    """Ids given for a work by others than its sources, so that two sources know the same."""

    ISBN = "isbn"
    IMDB_ID = "imdb_id"
    MBID = "mbid"


@dataclass(frozen=True, slots=True, order=True)
class StrongId:
    """An ISBN is always the one of 13 digits."""

    kind: IdKind
    value: str


@dataclass(frozen=True, slots=True)
class IdValues:
    """Strong ids as they are stored, by column."""

    isbns_13: list[str]
    isbns_10: list[str]
    imdb_ids: list[str]
    mbids: list[str]


def strong_ids(facts: Facts) -> tuple[StrongId, ...]:
    match facts.extension:
        case Book(isbn_10=ten, isbn_13=thirteen):
            return tuple(StrongId(IdKind.ISBN, isbn) for isbn in isbns_of(ten, thirteen))
        case Screen(imdb_id=str(imdb_id)):
            return (StrongId(IdKind.IMDB_ID, imdb_id),)
        case Music(mbid=str(mbid)):
            return (StrongId(IdKind.MBID, mbid),)
        case _:
            return ()


def values_of(ids: Iterable[StrongId]) -> IdValues:
    """An ISBN is looked for in both its forms."""
    by_kind: dict[IdKind, list[str]] = {kind: [] for kind in IdKind}
    for one in sorted(set(ids)):
        by_kind[one.kind].append(one.value)
    isbns = by_kind[IdKind.ISBN]
    return IdValues(
        isbns_13=isbns,
        isbns_10=[short for isbn in isbns if (short := isbn_10_of(isbn))],
        imdb_ids=by_kind[IdKind.IMDB_ID],
        mbids=by_kind[IdKind.MBID],
    )


def isbns_of(isbn_10: str | None, isbn_13: str | None) -> Iterable[str]:
    """With 13 digits, each once."""
    return dict.fromkeys(one for one in (isbn_13, isbn_10 and isbn_13_of(isbn_10)) if one)


def isbn_13_of(isbn_10: str) -> str:
    """ISO 2108: the same nine digits behind 978."""
    return bounds.with_check_digit("978" + isbn_10[:9])


def isbn_10_of(isbn_13: str) -> str | None:
    """None for those that begin with 979: they have no short form."""
    if not isbn_13.startswith("978"):
        return None
    return bounds.with_check_digit(isbn_13[3:12])


def are_one(one: Facts, other: Facts) -> bool:
    """Of one kind, with an id in common and titles that are alike."""
    return (
        one.media_type is other.media_type
        and not set(strong_ids(one)).isdisjoint(strong_ids(other))
        and titles_alike(one.title, other.title)
    )


def is_typed_in(stored: SourcedItem) -> bool:
    """Known from people only: what they type in goes behind what a source says."""
    return all(key.source_name == MANUAL for key in stored.keys)


def titles_alike(one: str, other: str) -> bool:
    """The same, or one goes on where the other ends, or most words are in both."""
    keys = title_key(one), title_key(other)
    shorter, longer = sorted(keys, key=len)
    if longer == shorter or longer.startswith(f"{shorter} "):
        return True
    ours, theirs = (set(key.split()) for key in keys)
    return len(ours & theirs) >= ALIKE * len(ours | theirs)


def share_a_creator(one: Facts, other: Facts) -> bool:
    return not creator_keys(one).isdisjoint(creator_keys(other))


def creator_keys(facts: Facts) -> frozenset[str]:
    return frozenset(map(title_key, facts.creators))


def same_address(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and _address(one) == _address(other)


def _address(url: str) -> str:
    """Without what makes no difference: the case of scheme and host, a slash at the end."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}".rstrip("/")
