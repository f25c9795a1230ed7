"""Why a description is held to be of a known work."""

from dataclasses import dataclass
from enum import IntEnum

from catalog.media.items import Item


class Reason(IntEnum):
    """The best first."""

    SOURCE_ID = 1
    CANONICAL_URL = 2
    ISBN = 3
    IMDB_ID = 4
    MBID = 5
    TITLE_YEAR_CREATOR = 6


@dataclass(frozen=True, slots=True)
class Match:
    """The work that the draft at `index` is, or may be; whether the person has it already."""

    index: int
    reason: Reason
    item: Item
    in_library: bool
