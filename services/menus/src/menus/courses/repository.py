"""SQL of courses, and of adding them with their items."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from common.db import Session
from menus.positions import Place
from menus.repository import COURSE_COLUMNS, COURSES, ITEMS, item_row, pushing, renumbering
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
        item_row(item, course.menu_id, course.id) for course in courses for item in course.items
    ]
    if items:
        await session.execute(insert(ITEMS), items)


async def push_down(session: Session, menu_id: UUID, place: Place) -> None:
    """Make room: the run of courses that begins at the place moves down by one."""
    await session.execute(pushing(COURSES, COURSES.c.menu_id == menu_id, place))


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
