"""SQL of menus themselves, and of reading whole trees."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Integer,
    Select,
    Table,
    Uuid,
    any_,
    bindparam,
    case,
    delete,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.elements import ColumnElement

from common.db import Session
from menus import models
from menus.limits import FRAME_BYTES, PAGE_BYTES
from menus.tree import Course, Item, Menu, MenuTree, Snapshot

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
# The rows of whole menus begin with the number found, and the menu.
COURSE_IN_WHOLE = 1 + len(MENU_COLUMNS)
ITEM_IN_WHOLE = COURSE_IN_WHOLE + len(COURSE_COLUMNS)
SNAPSHOT_IN_WHOLE = ITEM_IN_WHOLE + len(ITEM_COLUMNS)
DESCRIPTION_AT = Menu._fields.index("description")


class Listed(NamedTuple):
    """The menus of a page, and whether more follow."""

    trees: list[MenuTree]
    more: bool


class After(NamedTuple):
    """The last menu of the page before."""

    created_at: datetime
    menu_id: UUID


def size_term(menu_id: ColumnElement[UUID]) -> ColumnElement[int]:
    """Bytes of the texts of a menu's courses and items, with their snapshots."""
    of_course = (
        func.octet_length(func.coalesce(COURSES.c.description, ""))
        + func.octet_length(func.coalesce(COURSES.c.intent, ""))
        + FRAME_BYTES
    )
    of_item = func.octet_length(func.coalesce(ITEMS.c.notes, "")) + SNAPSHOTS.c.size + FRAME_BYTES
    courses = select(func.coalesce(func.sum(of_course), 0)).where(COURSES.c.menu_id == menu_id)
    items = (
        select(func.coalesce(func.sum(of_item), 0))
        .join(SNAPSHOTS, SNAPSHOTS.c.media_item_id == ITEMS.c.media_item_id)
        .where(ITEMS.c.menu_id == menu_id)
    )
    return courses.scalar_subquery() + items.scalar_subquery()


def _trees() -> Select[*tuple[Any, ...]]:
    """One row per item, and one per empty course, in order."""
    return (
        select(*COURSE_COLUMNS, *ITEM_COLUMNS, *SNAPSHOT_COLUMNS)
        .join_from(COURSES, ITEMS, ITEMS.c.course_id == COURSES.c.id, isouter=True)
        .join(SNAPSHOTS, SNAPSHOTS.c.media_item_id == ITEMS.c.media_item_id, isouter=True)
        .order_by(COURSES.c.menu_id, COURSES.c.position, ITEMS.c.position)
    )


def _whole_menus(menus: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Menus with all they hold, as long as they fit into a page: one row per item, or per course
    or menu that is empty. Each row also tells how many menus were found.

    Long texts come with the first row of their menu or course, and are null in the others.
    """
    found = menus.subquery()
    newest_first = (found.c.created_at.desc(), found.c.id.desc())
    size = found.c.size + func.octet_length(func.coalesce(found.c.description, ""))
    before = func.sum(size).over(order_by=newest_first) - size
    page = select(found, before.label("before"), func.count().over().label("found")).cte("page")
    order = (page.c.created_at.desc(), page.c.id.desc(), COURSES.c.position, ITEMS.c.position)

    def once(text: ColumnElement[Any], of: ColumnElement[Any]) -> ColumnElement[Any]:
        return case((func.lag(of).over(order_by=order).is_distinct_from(of), text))

    menu_columns: list[ColumnElement[Any]] = [page.c[field] for field in Menu._fields]
    menu_columns[DESCRIPTION_AT] = once(page.c.description, page.c.id)
    texts = (COURSES.c.description, COURSES.c.intent)
    course_columns = [
        once(column, COURSES.c.id) if column in texts else column for column in COURSE_COLUMNS
    ]
    return (
        select(page.c.found, *menu_columns, *course_columns, *ITEM_COLUMNS, *SNAPSHOT_COLUMNS)
        .select_from(page)
        .join(COURSES, COURSES.c.menu_id == page.c.id, isouter=True)
        .join(ITEMS, ITEMS.c.course_id == COURSES.c.id, isouter=True)
        .join(SNAPSHOTS, SNAPSHOTS.c.media_item_id == ITEMS.c.media_item_id, isouter=True)
        .where(page.c.before <= PAGE_BYTES)
        .order_by(*order)
    )


# Built once: making a statement costs more than running it.
OWNED = select(*MENU_COLUMNS).where(
    MENUS.c.id == bindparam("menu_id"), MENUS.c.owner_id == bindparam("owner_id")
)
LOCK_OWNED = OWNED.with_for_update(key_share=True)
PAGE = (
    select(*MENU_COLUMNS, size_term(MENUS.c.id).label("size"))
    .where(MENUS.c.owner_id == bindparam("owner_id"))
    .order_by(MENUS.c.created_at.desc(), MENUS.c.id.desc())
    .limit(bindparam("rows", type_=Integer))
)
AFTER = tuple_(MENUS.c.created_at, MENUS.c.id) < tuple_(
    bindparam("after_time", type_=MENUS.c.created_at.type), bindparam("after_id", type_=Uuid())
)
FIRST_PAGE = _whole_menus(PAGE)
NEXT_PAGE = _whole_menus(PAGE.where(AFTER))
OWNED_TREE = _whole_menus(OWNED.add_columns(literal(0, Integer).label("size")))
SIZE = select(size_term(bindparam("menu_id", type_=Uuid())))
TREES = _trees().where(COURSES.c.menu_id == any_(bindparam("menu_ids", type_=ARRAY(Uuid()))))
COURSE_TREE = _trees().where(COURSES.c.id == bindparam("course_id"))


async def owned_tree(session: Session, menu_id: UUID, owner_id: UUID) -> MenuTree | None:
    result = await session.execute(OWNED_TREE, {"menu_id": menu_id, "owner_id": owner_id})
    return next(iter(_whole(result.all())), None)


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


async def page_of_menus(
    session: Session, owner_id: UUID, after: After | None, page_size: int
) -> Listed:
    """Newest first. A page ends early when it would grow too large."""
    # One more than asked for tells whether more follow.
    parameters: dict[str, object] = {"owner_id": owner_id, "rows": page_size + 1}
    statement = FIRST_PAGE
    if after is not None:
        statement = NEXT_PAGE
        parameters |= {"after_time": after.created_at, "after_id": after.menu_id}
    rows = (await session.execute(statement, parameters)).all()
    trees = _whole(rows)[:page_size]
    return Listed(trees, more=bool(rows) and rows[0][0] > len(trees))


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


def _whole(rows: Sequence[Any]) -> list[MenuTree]:
    trees: list[MenuTree] = []
    menu_id: UUID | None = None
    course_id: UUID | None = None
    items: list[Item] = []
    for row in rows:
        if row[1] != menu_id:
            menu_id = row[1]
            trees.append(MenuTree(Menu._make(row[1:COURSE_IN_WHOLE]), []))
        if row[COURSE_IN_WHOLE] != course_id:
            course_id = row[COURSE_IN_WHOLE]
            items = []
            if course_id is not None:
                course = Course._make((*row[COURSE_IN_WHOLE:ITEM_IN_WHOLE], items))
                trees[-1].courses.append(course)
        if row[ITEM_IN_WHOLE] is not None:
            media = Snapshot._make(row[SNAPSHOT_IN_WHOLE:])
            items.append(Item._make((*row[ITEM_IN_WHOLE:SNAPSHOT_IN_WHOLE], media)))
    return trees


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


async def size_of(session: Session, menu_id: UUID) -> int:
    return int(await session.scalar(SIZE, {"menu_id": menu_id}) or 0)


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
