"""Works that look like one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from catalog.media.items import Item


@dataclass(frozen=True, slots=True)
class Due:
    """A work that is new, or has changed, since it was compared."""

    id: UUID
    version: int
    isbn_13: str | None
    isbn_10: str | None
    imdb_id: str | None
    mbid: str | None


@dataclass(frozen=True, slots=True, order=True)
class Twins:
    """Two works that may be one; the older one first, so that a pair is a pair only once."""

    one_id: UUID
    other_id: UUID

    @classmethod
    def of(cls, one_id: UUID, other_id: UUID) -> "Twins":
        return cls(*sorted((one_id, other_id)))


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why two works look like one, in words, and whether that is enough to merge them."""

    reason: str
    is_sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    id: UUID
    twins: Twins
    reason: str
    found_at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    suspect: Suspect
    one: Item
    other: Item
