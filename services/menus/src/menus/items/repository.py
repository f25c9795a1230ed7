"""SQL of the items of courses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, delete, func, insert, select, update

from common.db import Session
from menus.positions import Place
from menus.repository import (
    COURSES,
    ITEM_COLUMNS,
    ITEMS,
    SNAPSHOT_COLUMNS,
    SNAPSHOTS,
    item_row,
    pushing,
    renumbering,
)
from menus.tree import Item, Snapshot


class Room(NamedTuple):
    """How full a course and its menu are: positions by item, and how many items the menu has."""

    positions: Mapping[UUID, int]
    menu_items: int


class Placed(NamedTuple):
    item: Item
    course_id: UUID


def _room() -> Select[*tuple[Any, ...]]:
    menu_id = bindparam("menu_id", type_=Uuid())
    of_menu = select(func.count()).select_from(ITEMS).where(ITEMS.c.menu_id == menu_id)
    return (
        select(ITEMS.c.id, ITEMS.c.position, of_menu.scalar_subquery())
        .select_from(COURSES)
        .join(ITEMS, ITEMS.c.course_id == COURSES.c.id, isouter=True)
        .where(COURSES.c.id == bindparam("course_id"), COURSES.c.menu_id == menu_id)
    )


# Built once: making a statement costs more than running it.
ROOM = _room()
INSERT_ITEM = insert(ITEMS)


async def room(session: Session, menu_id: UUID, course_id: UUID) -> Room | None:
    """None when the menu has no such course."""
    result = await session.execute(ROOM, {"menu_id": menu_id, "course_id": course_id})
    rows = result.all()
    if not rows:
        return None
    positions = {row[0]: row[1] for row in rows if row[0] is not None}
    return Room(positions, rows[0][2])


async def positions(session: Session, course_id: UUID) -> dict[UUID, int]:
    statement = select(ITEMS.c.id, ITEMS.c.position).where(ITEMS.c.course_id == course_id)
    return {row[0]: row[1] for row in await session.execute(statement)}


async def insert_item(
    session: Session, item: Item, menu_id: UUID, course_id: UUID, place: Place
) -> None:
    """In one statement with making room."""
    values = item_row(item, menu_id, course_id)
    if place.pushed_to is None:
        await session.execute(INSERT_ITEM, values)
        return
    pushed = pushing(ITEMS, ITEMS.c.course_id == course_id, place).cte("pushed")
    await session.execute(INSERT_ITEM.values(values).add_cte(pushed))


async def push_down(session: Session, course_id: UUID, place: Place) -> None:
    """Make room: the run of items that begins at the place moves down by one."""
    await session.execute(pushing(ITEMS, ITEMS.c.course_id == course_id, place))


async def item(session: Session, menu_id: UUID, item_id: UUID) -> Placed | None:
    statement = (
        select(ITEMS.c.course_id, *ITEM_COLUMNS, *SNAPSHOT_COLUMNS)
        .join(SNAPSHOTS, SNAPSHOTS.c.media_item_id == ITEMS.c.media_item_id)
        .where(ITEMS.c.id == item_id, ITEMS.c.menu_id == menu_id)
    )
    row = (await session.execute(statement)).first()
    if row is None:
        return None
    first_of_snapshot = 1 + len(ITEM_COLUMNS)
    snapshot = Snapshot._make(row[first_of_snapshot:])
    return Placed(Item._make((*row[1:first_of_snapshot], snapshot)), row[0])


async def update_notes(session: Session, item: Item) -> None:
    await session.execute(
        update(ITEMS)
        .where(ITEMS.c.id == item.id)
        .values(notes=item.notes, updated_at=item.updated_at)
    )


async def put_item(session: Session, item: Item, course_id: UUID) -> None:
    await session.execute(
        update(ITEMS)
        .where(ITEMS.c.id == item.id)
        .values(course_id=course_id, position=item.position, updated_at=item.updated_at)
    )


async def delete_item(session: Session, menu_id: UUID, item_id: UUID) -> bool:
    statement = delete(ITEMS).where(ITEMS.c.id == item_id, ITEMS.c.menu_id == menu_id)
    return await session.scalar(statement.returning(ITEMS.c.id)) is not None


async def renumber(session: Session, item_ids: Sequence[UUID], at: datetime) -> None:
    """Positions become 1 to n in this order."""
    await session.execute(renumbering(ITEMS, item_ids, at))
