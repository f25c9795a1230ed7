"""When two works look like one: pure rules."""

from catalog.duplicates.suspects import Likeness
from catalog.media.identity import (
    IdKind,
    are_one,
    is_typed_in,
    share_a_creator,
    strong_ids,
)
from catalog.media.indexing import sort_key, title_key
from catalog.media.items import Facts, SourcedItem
from catalog.merging.merges import Pair

_NAMES = {IdKind.ISBN: "ISBN", IdKind.IMDB_ID: "IMDb id", IdKind.MBID: "MusicBrainz id"}


def likeness(one: Facts, other: Facts) -> Likeness | None:
    if one.media_type is not other.media_type:
        return None
    common = set(strong_ids(one)) & set(strong_ids(other))
    if common:
        known = min(common)
        words = f"same {_NAMES[known.kind]} {known.value}"
        is_sure = are_one(one, other)
        return Likeness(words if is_sure else f"{words}, other titles", is_sure)
    if (
        sort_key(title_key(one.title)) == sort_key(title_key(other.title))
        and one.release_date is not None
        and other.release_date is not None
        and one.release_date.year == other.release_date.year
        and share_a_creator(one, other)
    ):
        return Likeness("same title, year and creator", is_sure=False)
    return None


def pair(one: SourcedItem, other: SourcedItem) -> Pair:
    """What a source knows absorbs what people typed in, else the older one the newer."""
    survivor, absorbed = sorted((one, other), key=lambda work: (is_typed_in(work), work.item.id))
    return Pair(survivor.item.id, absorbed.item.id)
