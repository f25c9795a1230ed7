"""SQL of menus themselves, of reading what they hold, and of the order that it has."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Integer,
    Select,
    Table,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import Update
from sqlalchemy.sql.elements import ColumnElement

from common.db import Session
from menus import models
from menus.positions import Place
from menus.tree import Course, Item, Menu, Snapshot

MENUS = models.Base.metadata.tables["menus.menus"]
COURSES = models.Base.metadata.tables["menus.courses"]
ITEMS = models.Base.metadata.tables["menus.course_items"]
SNAPSHOTS = models.Base.metadata.tables["menus.media_snapshots"]

UNIQUE_LOCK = 1  # the first half of the advisory locks taken here


def columns(table: Table, fields: Sequence[str]) -> list[ColumnElement[Any]]:
    named = {column.key: column for column in table.columns}
    return [named[field] for field in fields]


MENU_COLUMNS = columns(MENUS, Menu._fields)
COURSE_COLUMNS = columns(COURSES, Course._fields[:-1])
ITEM_COLUMNS = columns(ITEMS, Item._fields[:-1])
SNAPSHOT_COLUMNS = [
    SNAPSHOTS.c.metadata if field == "metadata_json" else SNAPSHOTS.c[field]
    for field in Snapshot._fields
]
ITEM_AT = len(COURSE_COLUMNS)
SNAPSHOT_AT = ITEM_AT + len(ITEM_COLUMNS)


def _trees() -> Select[*tuple[Any, ...]]:
    """One row per item, and one per empty course, in order."""
    return (
        select(*COURSE_COLUMNS, *ITEM_COLUMNS, *SNAPSHOT_COLUMNS)
        .join_from(COURSES, ITEMS, ITEMS.c.course_id == COURSES.c.id, isouter=True)
        .join(SNAPSHOTS, SNAPSHOTS.c.media_item_id == ITEMS.c.media_item_id, isouter=True)
        .order_by(COURSES.c.menu_id, COURSES.c.position, ITEMS.c.position)
    )


# Built once: making a statement costs more than running it.
LOCK_OWNED = (
    select(*MENU_COLUMNS)
    .where(MENUS.c.id == bindparam("menu_id"), MENUS.c.owner_id == bindparam("owner_id"))
    .with_for_update(key_share=True)
)
TREES = _trees().where(COURSES.c.menu_id == any_(bindparam("menu_ids", type_=ARRAY(Uuid()))))
COURSE_TREE = _trees().where(COURSES.c.id == bindparam("course_id"))


async def lock_owned_menu(session: Session, menu_id: UUID, owner_id: UUID) -> Menu | None:
    """The menu, locked against other edits, or None if it is not the owner's."""
    row = (await session.execute(LOCK_OWNED, {"menu_id": menu_id, "owner_id": owner_id})).first()
    return None if row is None else Menu._make(row)


async def lock_menus(session: Session, menu_ids: Sequence[UUID]) -> list[Menu]:
    statement = (
        select(*MENU_COLUMNS)
        .where(MENUS.c.id.in_(menu_ids))
        .order_by(MENUS.c.id)
        .with_for_update(key_share=True)
    )
    return [Menu._make(row) for row in await session.execute(statement)]


async def courses_of(session: Session, menu_ids: Sequence[UUID]) -> dict[UUID, list[Course]]:
    """The courses of each menu, with their items, all in order."""
    result = await session.execute(TREES, {"menu_ids": list(menu_ids)})
    found: dict[UUID, list[Course]] = {menu_id: [] for menu_id in menu_ids}
    for course in _grouped(result.all()):
        found[course.menu_id].append(course)
    return found


async def course_with_items(session: Session, course_id: UUID) -> Course | None:
    result = await session.execute(COURSE_TREE, {"course_id": course_id})
    return next(iter(_grouped(result.all())), None)


def _grouped(rows: Sequence[Any]) -> list[Course]:
    courses: list[Course] = []
    current: UUID | None = None
    items: list[Item] = []
    for row in rows:
        if row[0] != current:
            current = row[0]
            items = []
            courses.append(Course._make((*row[:ITEM_AT], items)))
        if row[ITEM_AT] is not None:
            media = Snapshot._make(row[SNAPSHOT_AT:])
            items.append(Item._make((*row[ITEM_AT:SNAPSHOT_AT], media)))
    return courses


def item_row(item: Item, menu_id: UUID, course_id: UUID) -> Mapping[str, object]:
    """All that is written of a new one."""
    return {
        "id": item.id,
        "course_id": course_id,
        "menu_id": menu_id,
        "media_item_id": item.media.media_item_id,
        "notes": item.notes,
        "position": item.position,
        "updated_at": item.updated_at,
    }


def pushing(table: Table, siblings: ColumnElement[bool], place: Place) -> Update:
    """Make room among them: the run that begins at the place moves down by one."""
    run = table.c.position.between(place.position, place.pushed_to)
    return update(table).where(siblings, run).values(position=table.c.position + 1)


def renumbering(table: Table, ids: Sequence[UUID], at: datetime) -> Update:
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


async def lock_words(session: Session, words: Sequence[str]) -> None:
    """Wait for other transactions that locked one of these; all are let go at the end."""
    locks = [func.pg_advisory_xact_lock(UNIQUE_LOCK, func.hashtext(word)) for word in words]
    await session.execute(select(*locks))


async def count_menus(session: Session, owner_id: UUID) -> int:
    counted = select(func.count()).select_from(MENUS).where(MENUS.c.owner_id == owner_id)
    return await session.scalar(counted) or 0


async def numbered_slugs(session: Session, base: str) -> set[str]:
    """Those taken of base, base-2, base-3 …"""
    numbered = (
        (MENUS.c.slug > f"{base}-")
        & (MENUS.c.slug < f"{base}.")  # "." follows "-" in byte order
        & MENUS.c.slug.regexp_match("-[0-9]+$")
    )
    statement = select(MENUS.c.slug).where((MENUS.c.slug == base) | numbered)
    return set(await session.scalars(statement))


async def insert_menu(session: Session, menu: Menu) -> bool:
    """False when the slug was taken in between."""
    statement = insert(MENUS).values(menu._asdict()).on_conflict_do_nothing(index_elements=["slug"])
    inserted = await session.scalar(statement.returning(literal(value=True)))
    return inserted is not None


async def update_menu(session: Session, menu: Menu) -> None:
    await session.execute(
        update(MENUS)
        .where(MENUS.c.id == menu.id)
        .values(
            title=menu.title,
            description=menu.description,
            is_public=menu.is_public,
            updated_at=menu.updated_at,
        )
    )


async def delete_menu(session: Session, menu_id: UUID, owner_id: UUID) -> Menu | None:
    statement = delete(MENUS).where(MENUS.c.id == menu_id, MENUS.c.owner_id == owner_id)
    row = (await session.execute(statement.returning(*MENU_COLUMNS))).first()
    return None if row is None else Menu._make(row)


async def delete_menus_of(session: Session, owner_id: UUID) -> list[Menu]:
    statement = delete(MENUS).where(MENUS.c.owner_id == owner_id).returning(*MENU_COLUMNS)
    return [Menu._make(row) for row in await session.execute(statement)]


async def forget_keys_of(session: Session, user_id: UUID) -> None:
    keys = models.Idempotency
    await session.execute(delete(keys).where(keys.user_id == user_id))
