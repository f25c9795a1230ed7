"""Menus as the public API shows and takes them.

Whole menus come finished from the service that keeps them: their models only describe them.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from gateway.schemas.fields import (
    MOST_COURSES,
    MOST_ITEMS,
    Ids,
    LongText,
    Moment,
    Position,
    Schema,
    Title,
    refuse_null,
)
from gateway.schemas.media import MediaBase
from gateway.schemas.wire import moment, present
from tastebuds.menus.v1 import course_pb2, menu_service_pb2


class CourseItem(Schema):
    id: str
    media_item_id: str
    notes: str | None
    position: int
    updated_at: datetime
    media_item: MediaBase | None
    """What the work looked like when the menu last heard of it."""

    @classmethod
    def of(cls, item: course_pb2.CourseItem) -> Self:
        known = item.HasField("media_item")
        return cls(
            id=item.id,
            media_item_id=item.media_item_id,
            notes=present(item, "notes"),
            position=item.position,
            updated_at=moment(item.updated_at),
            media_item=MediaBase.of(item.media_item) if known else None,
        )


class Course(Schema):
    id: str
    title: str
    description: str | None
    intent: str | None
    position: int
    updated_at: datetime
    items: list[CourseItem]

    @classmethod
    def of(cls, course: course_pb2.Course) -> Self:
        return cls(
            id=course.id,
            title=course.title,
            description=present(course, "description"),
            intent=present(course, "intent"),
            position=course.position,
            updated_at=moment(course.updated_at),
            items=[CourseItem.of(item) for item in course.items],
        )


class Pairing(Schema):
    id: str
    menu_id: str
    primary_course_item_id: str
    paired_course_item_id: str
    relationship: str | None
    note: str | None
    created_at: datetime
    updated_at: datetime
    primary_item: CourseItem | None
    paired_item: CourseItem | None


class PublicMenu(Schema):
    """A published menu."""

    id: str
    title: str
    description: str | None
    slug: Annotated[str, Field(examples=["a-night-in-lisbon"])]
    is_public: bool
    created_at: datetime
    updated_at: datetime
    courses: list[Course]
    pairings: list[Pairing]
    """Always empty so far."""


class Menu(PublicMenu):
    """A menu as its owner reads it."""

    owner_id: str


class NewCourseItem(Schema):
    media_item_id: UUID
    """Of a work, or of a preview: then the work that it shows is brought into the catalogue."""
    notes: LongText | None = None
    position: Position | None = None
    """Left out: at the end. Taken: inserted there, the later ones move down."""

    def to_wire(self, works: Mapping[UUID, str]) -> menu_service_pb2.NewCourseItem:
        return menu_service_pb2.NewCourseItem(
            media_item_id=works[self.media_item_id],
            notes=self.notes or None,
            position=self.position,
        )


class NewCourse(Schema):
    title: Annotated[Title, Field(examples=["To begin with: salt"])]
    description: LongText | None = None
    intent: LongText | None = None
    position: Position | None = None
    """Left out: at the end. Taken: inserted there, the later ones move down."""
    items: list[NewCourseItem] = Field(default=[], max_length=MOST_ITEMS)

    def media_ids(self) -> Iterator[UUID]:
        return (item.media_item_id for item in self.items)

    def to_wire(self, works: Mapping[UUID, str]) -> menu_service_pb2.NewCourse:
        """`works` has the work that each id means."""
        return menu_service_pb2.NewCourse(
            title=self.title,
            description=self.description or None,
            intent=self.intent or None,
            position=self.position,
            items=[item.to_wire(works) for item in self.items],
        )


class NewMenu(Schema):
    title: Annotated[Title, Field(examples=["A night in Lisbon"])]
    description: LongText | None = None
    is_public: bool = False
    courses: list[NewCourse] = Field(default=[], max_length=MOST_COURSES)

    def media_ids(self) -> Iterator[UUID]:
        return chain.from_iterable(course.media_ids() for course in self.courses)


class Change(Schema):
    """A field left out stays as it is; null clears it, where it can be empty."""

    expected_updated_at: Moment | None = None
    """Refuse the change (409) when somebody else made one since this moment."""

    @model_validator(mode="after")
    def _keeps_what_cannot_be_empty(self) -> Self:
        refuse_null(self, "title", "is_public")
        return self

    def changes(self, *names: str) -> dict[str, Any]:
        """What was sent, as the services take it: absent is unchanged, empty is cleared."""
        sent = self.model_fields_set
        return {
            name: "" if getattr(self, name) is None else getattr(self, name)
            for name in names
            if name in sent
        }


class MenuChange(Change):
    title: Title | None = None
    description: LongText | None = None
    is_public: bool | None = None


class CourseChange(Change):
    title: Title | None = None
    description: LongText | None = None
    intent: LongText | None = None


class CourseItemChange(Change):
    notes: LongText | None = None


class CourseOrder(Schema):
    course_ids: Ids
    """Exactly the menu's courses."""
    expected_updated_at: Moment | None = None
    """Of the menu."""


class ItemOrder(Schema):
    item_ids: Ids
    """Exactly the course's items."""
    expected_updated_at: Moment | None = None
    """Of the course."""


class Move(Schema):
    course_id: UUID
    """The course to move to, of the same menu."""
    position: Position | None = None
    """Left out: at the end. Taken: inserted there, the later ones move down."""
    expected_updated_at: Moment | None = None
    """Of the item."""
