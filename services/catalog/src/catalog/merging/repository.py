"""Every statement about merges themselves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, delete, func, insert, select, text, tuple_, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased

from catalog.merging.errors import WorksBusy
from catalog.merging.merges import Cause, Merge, Pair
from catalog.models import ItemSearch, MediaItem
from catalog.models import Merge as MergeTable
from catalog.moving.repository import Moved
from common import db
from common.db import Reader, Session
from common.pages import Mark

LOCK_NOT_AVAILABLE = "55P03"
DEADLOCK_DETECTED = "40P01"
# Less than the server waits before it looks for a deadlock: so it is the merge that gives way.
PATIENCE = "500ms"

_MERGES: Any = MergeTable.__table__
_GIVE_WAY = select(func.set_config("lock_timeout", PATIENCE, True))  # noqa: FBT003 Postgres's own
_HOLD = (
    select(MediaItem.id, MediaItem.merged_into)
    .where(MediaItem.id == func.any(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(MediaItem.id)
    .with_for_update()
)
_survivor = aliased(MediaItem)
_absorbed = aliased(MediaItem)
_LIST = (
    select(
        MergeTable.id,
        MergeTable.survivor_id,
        MergeTable.absorbed_id,
        _survivor.title.label("survivor_title"),
        _absorbed.title.label("absorbed_title"),
        MergeTable.reason,
        MergeTable.merged_by,
        MergeTable.merged_at,
        MergeTable.undone_at,
        MergeTable.moved.is_not(None).label("is_remembered"),
    )
    .join(_survivor, _survivor.id == MergeTable.survivor_id)
    .join(_absorbed, _absorbed.id == MergeTable.absorbed_id)
    .order_by(MergeTable.merged_at.desc(), MergeTable.id.desc())
)
# What is remembered of this person, to be able to undo merges, goes as well.
_FORGET_PERSON = text(
    """
    update catalog.merges set
      merged_by = nullif(merged_by, :user_id),
      moved = jsonb_set(
        jsonb_set(moved, '{states,pairs}', jsonb_path_query_array(
          moved, '$.states.pairs[*] ? (@.gone.user_id != $id)', person.named)),
        '{overrides,dropped}', jsonb_path_query_array(
          moved, '$.overrides.dropped[*] ? (@.user_id != $id)', person.named))
    from jsonb_build_object('id', :user_id) as person(named)
    where merged_by = :user_id
      or jsonb_path_exists(moved, '$.**.user_id ? (@ == $id)', person.named)
    """
).bindparams(bindparam("user_id", type_=Uuid))


@contextmanager
def giving_way() -> Iterator[None]:
    """Of a merge that waits for others who may wait for it: raises WorksBusy."""
    try:
        yield
    except DBAPIError as error:
        if db.sqlstate(error) in {LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED}:
            raise WorksBusy from None
        raise


async def be_impatient(session: Session) -> None:
    """Until the transaction ends nothing is waited for long."""
    await session.execute(_GIVE_WAY)


async def hold(session: Session, pair: Pair) -> Mapping[UUID, UUID | None]:
    """Nobody writes anything of these works until the commit; says what each is merged into."""
    rows = await session.execute(_HOLD, {"ids": [pair.survivor_id, pair.absorbed_id]})
    return {row.id: row.merged_into for row in rows}


async def bury(session: Session, pair: Pair) -> None:
    """The absorbed one means the survivor from now on and is not found by itself."""
    await _set_merged_into(session, pair, pair.survivor_id)
    found = delete(ItemSearch).where(ItemSearch.media_item_id == pair.absorbed_id)
    await session.execute(found)


async def unbury(session: Session, pair: Pair) -> None:
    await _set_merged_into(session, pair, None)


async def _set_merged_into(session: Session, pair: Pair, survivor_id: UUID | None) -> None:
    absorbed = update(MediaItem).where(MediaItem.id == pair.absorbed_id)
    await session.execute(absorbed.values(merged_into=survivor_id))


async def add(session: Session, merge: Merge, moved: Moved) -> None:
    values = {
        "id": merge.id,
        "survivor_id": merge.pair.survivor_id,
        "absorbed_id": merge.pair.absorbed_id,
        "reason": merge.cause.reason,
        "merged_by": merge.cause.merged_by,
        "merged_at": merge.merged_at,
        "moved": moved,
    }
    await session.execute(insert(_MERGES).values(values))


async def get(session: Reader, merge_id: UUID) -> Merge | None:
    row = (await session.execute(_LIST.where(MergeTable.id == merge_id))).one_or_none()
    return None if row is None else _to_merge(row)


async def page(session: Reader, after: Mark | None, take: int) -> list[Merge]:
    """Newest first."""
    statement = _LIST.limit(take)
    if after is not None:
        statement = statement.where(tuple_(MergeTable.merged_at, MergeTable.id) < tuple_(*after))
    return [_to_merge(row) for row in await session.execute(statement)]


async def take_moved(session: Session, merge_id: UUID, at: datetime) -> Moved | None:
    """What was moved, and it is remembered no longer: the merge is undone. None when it was."""
    before = (
        select(_MERGES.c.id, _MERGES.c.moved)
        .where(_MERGES.c.id == merge_id, _MERGES.c.undone_at.is_(None))
        .with_for_update()
        .cte("before")
    )
    undone = (
        update(_MERGES)
        .where(_MERGES.c.id == before.c.id, before.c.moved.is_not(None))
        .values(undone_at=at, moved=None)
        .returning(before.c.moved)
    )
    moved: Moved | None = await session.scalar(undone)
    return moved


async def make_final(session: Session, before: datetime, limit: int) -> int:
    """Forget what was moved by merges as old; says how many."""
    some = (
        select(_MERGES.c.id)
        .where(_MERGES.c.merged_at < before, _MERGES.c.moved.is_not(None))
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("some")
        .prefix_with("materialized")
    )
    forgotten = update(_MERGES).where(_MERGES.c.id.in_(select(some))).values(moved=None)
    return len((await session.execute(forgotten.returning(_MERGES.c.id))).all())


async def forget_person(session: Session, user_id: UUID) -> None:
    await session.execute(_FORGET_PERSON, {"user_id": user_id})


def _to_merge(row: Any) -> Merge:
    return Merge(
        id=row.id,
        pair=Pair(row.survivor_id, row.absorbed_id),
        survivor_title=row.survivor_title,
        absorbed_title=row.absorbed_title,
        cause=Cause(row.reason, row.merged_by),
        merged_at=row.merged_at,
        undone_at=row.undone_at,
        is_remembered=row.is_remembered,
    )
