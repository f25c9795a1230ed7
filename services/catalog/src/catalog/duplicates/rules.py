"""When two works look like one: pure rules."""

from dataclasses import dataclass

from catalog.duplicates.suspects import Likeness
from catalog.media.identity import (
    IdKind,
    StrongId,
    are_one,
    creator_keys,
    is_typed_in,
    strong_ids,
)
from catalog.media.indexing import sort_key, title_key
from catalog.media.items import Facts, SourcedItem
from catalog.merging.merges import Pair

_NAMES = {IdKind.ISBN: "ISBN", IdKind.IMDB_ID: "IMDb id", IdKind.MBID: "MusicBrainz id"}


@dataclass(frozen=True, slots=True)
class Traits:
    """What a work is compared by: made once, however many it is compared with."""

    facts: Facts
    ids: frozenset[StrongId]
    sort_key: str
    creators: frozenset[str]


def traits(facts: Facts) -> Traits:
    return Traits(
        facts,
        frozenset(strong_ids(facts)),
        sort_key(title_key(facts.title)),
        creator_keys(facts),
    )


def likeness(one: Traits, other: Traits) -> Likeness | None:
    if one.facts.media_type is not other.facts.media_type:
        return None
    common = one.ids & other.ids
    if common:
        known = min(common)
        words = f"same {_NAMES[known.kind]} {known.value}"
        is_sure = are_one(one.facts, other.facts)
        return Likeness(words if is_sure else f"{words}, other titles", is_sure)
    if (
        one.sort_key == other.sort_key
        and one.facts.release_date is not None
        and other.facts.release_date is not None
        and one.facts.release_date.year == other.facts.release_date.year
        and not one.creators.isdisjoint(other.creators)
    ):
        return Likeness("same title, year and creator", is_sure=False)
    return None


def pair(one: SourcedItem, other: SourcedItem) -> Pair:
    """What a source knows absorbs what people typed in, else the older one the newer."""
    survivor, absorbed = sorted((one, other), key=lambda work: (is_typed_in(work), work.item.id))
    return Pair(survivor.item.id, absorbed.item.id)
