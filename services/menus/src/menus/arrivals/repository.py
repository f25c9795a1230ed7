"""SQL of the course that an arriving work goes into."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import exists, select

from common.db import Session
from menus.repository import COURSES, ITEMS


class Shelf(NamedTuple):
    """A course, and whether it holds the work already."""

    course_id: UUID
    title: str
    holds_work: bool


async def shelf(
    session: Session, menu_id: UUID, course_id: UUID | None, media_item_id: UUID
) -> Shelf | None:
    """The named course of the menu, or its last; None when it has none such."""
    holds_work = exists().where(
        ITEMS.c.course_id == COURSES.c.id, ITEMS.c.media_item_id == media_item_id
    )
    statement = (
        select(COURSES.c.id, COURSES.c.title, holds_work)
        .where(COURSES.c.menu_id == menu_id)
        .order_by(COURSES.c.position.desc())
        .limit(1)
    )
    if course_id is not None:
        statement = statement.where(COURSES.c.id == course_id)
    row = (await session.execute(statement)).first()
    return None if row is None else Shelf._make(row)
