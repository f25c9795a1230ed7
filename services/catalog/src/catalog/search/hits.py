"""What a search finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import NamedTuple
from uuid import UUID

from catalog.availability.offers import Summary
from catalog.media.items import MediaType
from catalog.search.marks import Mark


class MatchedBy(Enum):
    """How the best hits were found."""

    WORDS = auto()
    PREFIX = auto()
    CORRECTION = auto()
    ISBN = auto()
    EXTERNAL_ID = auto()


class Hit(NamedTuple):
    """What a list shows of a work, whether the person has a state or a log of it, and where it can
    be had, if known. As it is read, since to make an Item of each takes long."""

    id: UUID
    media_type: str
    title: str
    subtitle: str | None
    description: str | None
    release_date: date | None
    cover_image_url: str | None
    canonical_url: str | None
    metadata_json: str | None
    creators: Sequence[str]
    in_library: bool
    availability: Summary | None


@dataclass(frozen=True, slots=True)
class Found:
    """A page as the database has it. `total` is None where there are too many to count, `counts`
    are by type, whatever the types asked for, and None where the caller knows them."""

    hits: Sequence[Hit]
    last: Mark | None
    total: int | None
    counts: Mapping[MediaType, int] | None
    is_estimate: bool
    matched_by: MatchedBy | None


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits, best first. Types without a match have no count."""

    hits: Sequence[Hit]
    total: int
    counts: Mapping[MediaType, int]
    is_estimate: bool
    next_page_token: str
    matched_by: MatchedBy | None


class Suggestion(NamedTuple):
    """What the list under a search box shows of a work, as it is read."""

    id: UUID
    media_type: str
    title: str
    creators: Sequence[str]
    release_date: date | None
    cover_image_url: str | None
