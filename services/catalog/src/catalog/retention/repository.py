"""Every statement about what is past its time."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Integer, LargeBinary, Uuid, bindparam, text

from common.db import Session

# An unused work: nobody has it, says anything of it or typed it in, and it took part in no merge.
_IS_UNUSED = """
    m.merged_into is null
    and not exists (select from catalog.user_states u where u.media_item_id = m.id)
    and not exists (select from catalog.user_logs u where u.media_item_id = m.id)
    and not exists (select from catalog.media_item_tags u where u.media_item_id = m.id)
    and not exists (select from catalog.menu_placements u where u.media_item_id = m.id)
    and not exists (select from catalog.overrides u where u.media_item_id = m.id)
    and not exists (select from catalog.media_items u where u.merged_into = m.id)
    and not exists (
      select from catalog.media_sources u where u.media_item_id = m.id
        and u.source_name = 'manual' and u.created_by is not null)"""

_STRIP = text(
    """
    with due as materialized (
      select id from catalog.media_sources
      where fetched_at < :before
        and (payload_stripped_at is null or payload_stripped_at < fetched_at)
      order by fetched_at limit :most for update skip locked
    )
    update catalog.media_sources s set raw_payload = :marker, payload_stripped_at = :at
    from due where s.id = due.id returning s.id
    """
).bindparams(bindparam("most", type_=Integer), bindparam("marker", type_=LargeBinary))
_HOLD_MARK = text(
    """
    insert into catalog.sweep_marks as mark (name, after_id) values (:name, null)
    on conflict (name) do update set name = mark.name returning after_id
    """
)
_MOVE_MARK = text("update catalog.sweep_marks set after_id = :after where name = :name").bindparams(
    bindparam("after", type_=Uuid)
)
# In order of their ids, which is that of their making.
_LOOK = text(
    f"""
    select m.id, m.created_at < :before and {_IS_UNUSED} as is_unused
    from catalog.media_items m
    where m.id > :after and m.id < :end order by m.id limit :most
    """  # noqa: S608 constants
).bindparams(
    bindparam("after", type_=Uuid), bindparam("end", type_=Uuid), bindparam("most", type_=Integer)
)
_HOLD = text(
    "select id from catalog.media_items where id = any(:ids) order by id for update skip locked"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_DELETE = text(
    f"delete from catalog.media_items m where m.id = any(:ids) and {_IS_UNUSED} returning m.id"  # noqa: S608 constants
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))


class LookedAt(NamedTuple):
    media_item_id: UUID
    is_unused: bool


async def strip_payloads(
    session: Session, *, before: datetime, marker: bytes, at: datetime, limit: int
) -> int:
    """Of records that were fetched before."""
    parameters = {"before": before, "marker": marker, "at": at, "most": limit}
    return len((await session.execute(_STRIP, parameters)).all())


async def hold_mark(session: Session, name: str) -> UUID | None:
    """How far the sweep has come; nobody else goes on from there meanwhile."""
    after: UUID | None = await session.scalar(_HOLD_MARK, {"name": name})
    return after


async def move_mark(session: Session, name: str, after: UUID | None) -> None:
    await session.execute(_MOVE_MARK, {"name": name, "after": after})


async def look_at_works(
    session: Session, *, after: UUID, end: UUID, before: datetime, limit: int
) -> list[LookedAt]:
    """Works between two ids, and whether they are unused and older than `before`."""
    parameters = {"after": after, "end": end, "before": before, "most": limit}
    return [LookedAt._make(row) for row in await session.execute(_LOOK, parameters)]


async def delete_unused(session: Session, media_item_ids: Sequence[UUID]) -> int:
    """Looked at once more when nobody can begin to use them any more; says how many they were.

    What is locked is being used just now, or merged.
    """
    held = list(await session.scalars(_HOLD, {"ids": list(media_item_ids)}))
    return len((await session.execute(_DELETE, {"ids": held})).all())
