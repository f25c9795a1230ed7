"""SQL of works that were merged, and of the items that show them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Uuid, bindparam, select, text, update

from common.db import Session
from menus.repository import SNAPSHOTS
from menus.tree import Merge

# In the order in which edits hold them.
LOCKED = (
    select(SNAPSHOTS.c.media_item_id)
    .where(SNAPSHOTS.c.media_item_id.in_((bindparam("one"), bindparam("other"))))
    .order_by(SNAPSHOTS.c.media_item_id)
    .with_for_update(key_share=True)
)
# All that mean the same work now: the asked one, what was merged into it, and so on; and which one
# that is. Items of them that show another are out of place.
OUT_OF_PLACE = """
    with recursive family(id) as (
      select cast(:media_item_id as uuid)
      union
      select s.media_item_id from menus.media_snapshots s join family f on s.merged_into = f.id
    ),
    line(id, merged_into) as (
      select media_item_id, merged_into from menus.media_snapshots
      where media_item_id = :media_item_id
      union
      select s.media_item_id, s.merged_into
      from menus.media_snapshots s join line l on s.media_item_id = l.merged_into
    ),
    shown(id) as (select id from line where merged_into is null),
    out_of_place as (
      select i.id, i.menu_id from family f join menus.course_items i on i.original_id = f.id
      where i.media_item_id <> (select id from shown)
      union all
      select i.id, i.menu_id from family f join menus.course_items i on i.media_item_id = f.id
      where i.original_id is null and i.media_item_id <> (select id from shown)
    )
"""
MENUS_BEHIND = text(
    f"{OUT_OF_PLACE} select distinct menu_id from out_of_place order by menu_id limit :most"  # noqa: S608 constants
).bindparams(bindparam("media_item_id", type_=Uuid), bindparam("most", type_=Integer))
PUT_IN_PLACE = text(
    f"""
    {OUT_OF_PLACE}
    update menus.course_items i set
      media_item_id = shown.id,
      original_id = nullif(coalesce(i.original_id, i.media_item_id), shown.id)
    from shown, out_of_place o
    where i.id = o.id and o.menu_id = any(:menu_ids)
    """  # noqa: S608 constants
).bindparams(bindparam("media_item_id", type_=Uuid), bindparam("menu_ids", type_=ARRAY(Uuid)))


async def lock(session: Session, one: UUID, other: UUID) -> set[UUID]:
    """Those of them that are known here; no edit goes on with them meanwhile."""
    return set(await session.scalars(LOCKED, {"one": one, "other": other}))


async def note(session: Session, merge: Merge, merged_into: UUID | None) -> bool:
    """False when something later is known of the absorbed one."""
    known = SNAPSHOTS.c
    # Merges of one work come one after the other, and their ids tell in which order.
    later = known.merge_id > merge.id if merged_into is None else known.merge_id >= merge.id
    statement = (
        update(SNAPSHOTS)
        .where(known.media_item_id == merge.absorbed_id, later.is_not(True))
        .values(merged_into=merged_into, merge_id=merge.id)
        .returning(known.media_item_id)
    )
    return await session.scalar(statement) is not None


async def menus_behind(session: Session, media_item_id: UUID, most: int) -> list[UUID]:
    """Menus with items that should show another work, in order of id."""
    values = {"media_item_id": media_item_id, "most": most}
    return list(await session.scalars(MENUS_BEHIND, values))


async def put_in_place(session: Session, media_item_id: UUID, menu_ids: Sequence[UUID]) -> None:
    values = {"media_item_id": media_item_id, "menu_ids": list(menu_ids)}
    await session.execute(PUT_IN_PLACE, values)
