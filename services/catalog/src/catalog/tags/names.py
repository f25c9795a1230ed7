"""What tags are."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from catalog.media import bounds
from catalog.models import LONGEST_TAG
from catalog.tags.errors import InvalidTag, TagNameBlank


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """`media_count` is how many works have it."""

    id: UUID
    name: str
    is_shared: bool
    media_count: int


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. Shared tags are the business of admins."""

    id: UUID
    is_admin: bool


class NameMark(NamedTuple):
    """The last tag of a page, by its name in small letters as Postgres writes it."""

    name: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Page:
    """By name; `after` is where the next page begins, None on the last."""

    tags: list[Tag]
    after: NameMark | None


@dataclass(frozen=True, slots=True)
class Attached:
    """How many of the works did not have the tag before."""

    tag: Tag
    count: int


def to_name(text: str) -> str:
    """As it is stored: without what cannot be read, and one blank between words."""
    if "\0" in text:
        raise InvalidTag("name", "must not contain NUL characters")
    name = bounds.line(text)
    if name is None:
        raise TagNameBlank
    if len(name) > LONGEST_TAG:
        raise InvalidTag("name", f"must have at most {LONGEST_TAG} characters")
    return name
