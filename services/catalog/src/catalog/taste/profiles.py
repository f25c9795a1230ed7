"""Taste profiles, as values. They are kept as the JSON of these fields."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, order=True)
class Tally:
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Leaning:
    """Something that a person seems to like, and the signals in words."""

    name: str
    weight: float
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the profile was made of, in numbers."""

    menus: int
    courses: int
    # Places in menus.
    items: int
    favorites: int
    minutes_spent: int
    states: int
    # Distinct ones on those works.
    tags: int
    # Of the distinct works in states, logs and own menus.
    media_types: tuple[Tally, ...]
    # Of the places in own menus.
    menu_media_types: tuple[Tally, ...]
    log_types: tuple[Tally, ...]
    # Most used first.
    top_tags: tuple[Tally, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The leanings with the greatest weight first."""

    counts: Counts
    creators: tuple[Leaning, ...]
    genres: tuple[Leaning, ...]
    decades: tuple[Leaning, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A profile that was computed before. `checked_at` is when it was last known to be true."""

    id: UUID
    user_id: UUID
    profile: Profile
    generated_at: datetime
    checked_at: datetime
    asked_at: datetime
