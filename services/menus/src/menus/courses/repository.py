"""SQL of courses, and of adding them with their items."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Uuid, bindparam, delete, func, insert, select, update
from sqlalchemy.sql.dml import Update

from common.db import Session
from menus.positions import Place
from menus.repository import COURSE_COLUMNS, COURSES, ITEMS
from menus.tree import Course


async def positions(session: Session, menu_id: UUID) -> dict[UUID, int]:
    """Of the courses of a menu."""
    statement = select(COURSES.c.id, COURSES.c.position).where(COURSES.c.menu_id == menu_id)
    return {row[0]: row[1] for row in await session.execute(statement)}


async def count_items(session: Session, menu_id: UUID) -> int:
    counted = select(func.count()).select_from(ITEMS).where(ITEMS.c.menu_id == menu_id)
    return await session.scalar(counted) or 0


async def insert_courses(session: Session, courses: Sequence[Course]) -> None:
    if courses:
        rows = [dict(zip(Course._fields[:-1], course, strict=False)) for course in courses]
        await session.execute(insert(COURSES), rows)
    items = [
        {
            "id": item.id,
            "course_id": course.id,
            "menu_id": course.menu_id,
            "media_item_id": item.media.media_item_id,
            "notes": item.notes,
            "position": item.position,
            "updated_at": item.updated_at,
        }
        for course in courses
        for item in course.items
    ]
    if items:
        await session.execute(insert(ITEMS), items)


async def push_down(session: Session, menu_id: UUID, place: Place) -> None:
    """Make room: the run of courses that begins at the place moves down by one."""
    await session.execute(_pushed(menu_id, place))


def _pushed(menu_id: UUID, place: Place) -> Update:
    return (
        update(COURSES)
        .where(
            COURSES.c.menu_id == menu_id,
            COURSES.c.position.between(place.position, place.pushed_to),
        )
        .values(position=COURSES.c.position + 1)
    )


async def course(session: Session, menu_id: UUID, course_id: UUID) -> Course | None:
    """Without its items."""
    statement = select(*COURSE_COLUMNS).where(
        COURSES.c.id == course_id, COURSES.c.menu_id == menu_id
    )
    row = (await session.execute(statement)).first()
    return None if row is None else Course._make((*row, []))


async def update_course(session: Session, course: Course) -> None:
    await session.execute(
        update(COURSES)
        .where(COURSES.c.id == course.id)
        .values(
            title=course.title,
            description=course.description,
            intent=course.intent,
            updated_at=course.updated_at,
        )
    )


async def delete_course(session: Session, menu_id: UUID, course_id: UUID) -> bool:
    statement = delete(COURSES).where(COURSES.c.id == course_id, COURSES.c.menu_id == menu_id)
    return await session.scalar(statement.returning(COURSES.c.id)) is not None


async def renumber(session: Session, course_ids: Sequence[UUID], at: datetime) -> None:
    """Positions become 1 to n in this order."""
    await session.execute(renumbering(COURSES, course_ids, at))


def renumbering(table: Any, ids: Sequence[UUID], at: datetime) -> Update:
    """One statement for a whole list; the unique positions are checked at commit."""
    order = (
        func.unnest(
            bindparam("ids", list(ids), type_=ARRAY(Uuid())),
            bindparam("places", list(range(1, len(ids) + 1)), type_=ARRAY(Integer())),
        )
        .table_valued("id", "place")
        .render_derived()
    )
    return (
        update(table).where(table.c.id == order.c.id).values(position=order.c.place, updated_at=at)
    )
