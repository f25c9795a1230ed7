"""What is asked for: a menu, course or item that is not there yet, and changes of those that are.

Texts are checked; a position of None means "at the end".
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class NewItem(NamedTuple):
    media_item_id: UUID
    notes: str | None
    position: int | None


class NewCourse(NamedTuple):
    title: str
    description: str | None
    intent: str | None
    position: int | None
    items: list[NewItem]


class NewMenu(NamedTuple):
    title: str
    description: str | None
    is_public: bool
    courses: list[NewCourse]

    def items(self) -> Iterator[NewItem]:
        for course in self.courses:
            yield from course.items


class OwnMenu(NamedTuple):
    """A menu as its owner names it."""

    menu_id: UUID
    owner_id: UUID


class MenuChange(NamedTuple):
    """Fields that are not named stay as they are; `expected` is the time the editor last saw."""

    title: str | None = None
    description: tuple[str | None] | None = None
    is_public: bool | None = None
    expected: datetime | None = None


class CourseChange(NamedTuple):
    title: str | None = None
    description: tuple[str | None] | None = None
    intent: tuple[str | None] | None = None
    expected: datetime | None = None


class ItemChange(NamedTuple):
    notes: tuple[str | None] | None = None
    expected: datetime | None = None


class Move(NamedTuple):
    target_course_id: UUID
    position: int | None
    expected: datetime | None
