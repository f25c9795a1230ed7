"""What others need to know of a menu: its name, whether it is public, and which works it holds."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import orjson

from menus.tree import Course, Menu

DIGEST_LENGTH = 32


class Contents(NamedTuple):
    """`places` is how often the menu holds each work."""

    menu: Menu
    course_count: int
    places: Mapping[UUID, int]

    def digest(self) -> str:
        """The same as long as there is nothing to tell."""
        menu = self.menu
        told = [menu.title, menu.slug, menu.is_public, self.course_count]
        works = sorted((str(work), count) for work, count in self.places.items())
        return hashlib.sha256(orjson.dumps([told, works])).hexdigest()[:DIGEST_LENGTH]


def contents_of(menu: Menu, courses: Sequence[Course]) -> Contents:
    works = (item.media.media_item_id for course in courses for item in course.items)
    return Contents(menu, len(courses), Counter(works))
