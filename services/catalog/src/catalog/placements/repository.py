"""Every statement about which works are in which menus."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Uuid, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert

from catalog.models import MenuCopy, MenuPlacement
from catalog.placements.menus import Appearance, Appearances, Contents
from common.db import Reader, Session
from common.deleting import delete_some

_COPIES: Any = MenuCopy.__table__
_new_copy = insert(_COPIES)
_COPY = _new_copy.on_conflict_do_update(
    index_elements=["menu_id"],
    set_={
        column.name: _new_copy.excluded[column.name]
        for column in _COPIES.c
        if not column.primary_key
    },
    where=_COPIES.c.revision < _new_copy.excluded.revision,
).returning(_COPIES.c.menu_id)
# An absorbed work means its survivor; one that the catalogue no longer has is left out: the menu
# shows its own copy of it.
_PLACE = text(
    """
    with asked as (
      select coalesce(m.merged_into, m.id) as id, sum(a.count) as count
      from unnest(:ids, :counts) as a(id, count)
      join catalog.media_items m on m.id = a.id
      group by 1
    ),
    gone as (
      delete from catalog.menu_placements
      where menu_id = :menu_id and media_item_id not in (select id from asked)
    )
    insert into catalog.menu_placements as p (menu_id, media_item_id, count)
    select :menu_id, id, count from asked order by id
    on conflict (menu_id, media_item_id) do update set count = excluded.count
    where p.count <> excluded.count
    """
).bindparams(
    bindparam("menu_id", type_=Uuid),
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("counts", type_=ARRAY(Integer)),
)
_APPEARANCES = (
    select(MenuCopy.slug, MenuCopy.title, func.count().over().label("total"))
    .join_from(MenuPlacement, MenuCopy)
    .where(MenuPlacement.media_item_id == bindparam("media_item_id"), MenuCopy.is_public)
    .order_by(MenuCopy.changed_at.desc(), MenuCopy.menu_id)
    .limit(bindparam("most", type_=Integer))
)


async def copy_menu(session: Session, contents: Contents, at: datetime) -> bool:
    """False when a later revision is known already; else it is held until the commit."""
    values = {
        "menu_id": contents.menu_id,
        "owner_id": contents.owner_id,
        "revision": contents.revision,
        "is_public": contents.is_public,
        "slug": contents.slug,
        "title": contents.title,
        "course_count": contents.course_count,
        "changed_at": at,
    }
    return (await session.execute(_COPY, values)).scalar_one_or_none() is not None


async def place_works(session: Session, contents: Contents) -> None:
    """The menu holds these works and no others."""
    await session.execute(
        _PLACE,
        {
            "menu_id": contents.menu_id,
            "ids": list(contents.places.keys()),
            "counts": list(contents.places.values()),
        },
    )


async def appearances(session: Reader, media_item_id: UUID, most: int) -> Appearances:
    """The public menus that a work is in, last changed first."""
    rows = await session.execute(_APPEARANCES, {"media_item_id": media_item_id, "most": most})
    found = rows.all()
    latest = tuple(Appearance(row.slug, row.title) for row in found)
    return Appearances(latest, found[0].total if found else 0)


async def forget_deleted(session: Session, before: datetime, limit: int) -> int:
    is_over = MenuCopy.owner_id.is_(None) & (MenuCopy.changed_at < before)
    return await delete_some(session, MenuCopy, is_over, limit)
