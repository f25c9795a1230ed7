"""Menus as the catalogue knows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a menu holds at a revision; one that was deleted holds nothing and is nobody's."""

    menu_id: UUID
    owner_id: UUID | None
    revision: int
    is_public: bool
    slug: str
    title: str
    course_count: int
    # Works, and how many places each has.
    places: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Appearance:
    """A public menu, as others may know of it."""

    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class Appearances:
    """The menus changed last, and how many there are in all."""

    latest: tuple[Appearance, ...]
    count: int
