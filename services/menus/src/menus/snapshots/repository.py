"""SQL of the snapshots of works."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import insert

from common.db import Reader, Session
from menus.repository import ITEMS, SNAPSHOT_COLUMNS, SNAPSHOTS
from menus.tree import Snapshot, Work

IDS = bindparam("ids", type_=ARRAY(Uuid()))
KNOWN = select(SNAPSHOTS.c.media_item_id).where(SNAPSHOTS.c.media_item_id == any_(IDS))
_asked = func.unnest(IDS).table_valued(column("id", Uuid()), name="asked").render_derived()
_line = select(_asked.c.id.label("asked"), _asked.c.id.label("id")).cte("line", recursive=True)
# What was merged leads to what is shown in its place.
LINE = _line.union(
    select(_line.c.asked, SNAPSHOTS.c.merged_into)
    .join_from(_line, SNAPSHOTS, SNAPSHOTS.c.media_item_id == _line.c.id)
    .where(SNAPSHOTS.c.merged_into.is_not(None))
)
# A refresh of the same work waits, so that what an edit reads here is what it writes into the
# document. In order of id, so that two edits never wait for each other.
HELD = (
    select(LINE.c.asked, *SNAPSHOT_COLUMNS)
    .join_from(LINE, SNAPSHOTS, SNAPSHOTS.c.media_item_id == LINE.c.id)
    .where(SNAPSHOTS.c.merged_into.is_(None))
    .order_by(SNAPSHOTS.c.media_item_id)
    .with_for_update(read=True, of=SNAPSHOTS)
)


async def known_ids(session: Reader, ids: Sequence[UUID]) -> set[UUID]:
    return set(await session.scalars(KNOWN, {"ids": list(ids)}))


async def hold(session: Session, ids: Sequence[UUID]) -> dict[UUID, Snapshot]:
    """By the ids asked; what was merged meanwhile is left out."""
    rows = await session.execute(HELD, {"ids": list(ids)})
    return {row[0]: Snapshot._make(row[1:]) for row in rows}


async def insert_new(session: Session, works: Sequence[Work]) -> None:
    """As the catalogue answered, without a version; a row that is there stays."""
    rows = [
        _values(work) | {"version": 0, "merged_into": work.merged_into}
        for work in sorted(works, key=lambda work: work.snapshot.media_item_id)
    ]
    await session.execute(insert(SNAPSHOTS).values(rows).on_conflict_do_nothing())


async def refresh(session: Session, work: Work, version: int) -> bool:
    """Replace a snapshot that is there by a newer one; False when there is nothing to replace."""
    known = SNAPSHOTS.c
    newer = (known.version < version) & (
        (known.version > 0) | (known.changed_at <= work.changed_at)
    )
    statement = (
        update(SNAPSHOTS)
        .where(known.media_item_id == work.snapshot.media_item_id, newer)
        .values(_values(work) | {"version": version})
        .returning(known.media_item_id)
    )
    return await session.scalar(statement) is not None


async def menus_showing(
    session: Session, media_item_id: UUID, after: UUID | None, limit: int
) -> list[UUID]:
    """Menus with this work, in order of id."""
    statement = (
        select(ITEMS.c.menu_id)
        .distinct()
        .where(ITEMS.c.media_item_id == media_item_id)
        .order_by(ITEMS.c.menu_id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(ITEMS.c.menu_id > after)
    return list(await session.scalars(statement))


def _values(work: Work) -> dict[str, object]:
    values = work.snapshot._asdict()
    values["metadata"] = values.pop("metadata_json")
    return values | {
        "changed_at": work.changed_at,
        "duration_ms": work.duration_ms,
    }
