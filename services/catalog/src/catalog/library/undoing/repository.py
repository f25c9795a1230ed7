"""Every statement about what people changed."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    CTE,
    Text,
    Uuid,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal_column,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from catalog.library.changes import MOST_KEPT, Change, Rows, What
from catalog.models import LibraryChange, MediaItem, UserLog, UserState
from common.db import Session

UNDO_LOCK = 2  # the first half of the advisory locks taken here

_CHANGES: Any = LibraryChange.__table__
# What a write found and what it left, null where there was or is none: for `returning`.
BOTH_ROWS = (
    literal_column("to_jsonb(old)", JSONB).label("before"),
    literal_column("to_jsonb(new)", JSONB).label("after"),
)
# What nobody sees of a state.
_UNSEEN = "'{updated_at,set_status,set_started_at,set_finished_at,set_at}'::text[]"
_unseen: Any = literal_column(_UNSEEN)


def noting(what: What, written: CTE, moved: CTE | None = None) -> tuple[CTE, CTE]:
    """Remembers what a statement wrote, and forgets what is beyond what a person can take back.

    `written` is the state, or an entry with which the state may have `moved`; each with BOTH_ROWS.
    The parameter is `person_id`: one that is called like a column would be a value of each write.
    """
    names = ["user_id", "media_item_id", "what", "at"]
    rows = select(
        written.c.user_id, written.c.media_item_id, literal_column(f"'{what}'"), func.now()
    )
    if what in {What.SET, What.CLEARED}:
        names += ["state_before", "state_after"]
        rows = rows.add_columns(written.c.before, written.c.after).where(
            written.c.before.op("-")(_unseen).is_distinct_from(written.c.after.op("-")(_unseen))
        )
    else:
        names += ["log_before", "log_after"]
        rows = rows.add_columns(written.c.before, written.c.after)
    if moved is not None:
        names += ["state_before", "state_after"]
        rows = rows.add_columns(moved.c.before, moved.c.after).join_from(written, moved, true())
    return insert(_CHANGES).from_select(names, rows).cte("noted"), _FORGOTTEN


_mine = _CHANGES.c.user_id == bindparam("person_id", type_=_CHANGES.c.user_id.type)
_first_beyond = (
    select(_CHANGES.c.id)
    .where(_mine)
    .order_by(_CHANGES.c.id.desc())
    .offset(MOST_KEPT - 1)  # one more is being noted
    .limit(1)
    .scalar_subquery()
)
# What another write forgets just now is not waited for: that one may wait for this.
_beyond = (
    select(_CHANGES.c.id)
    .where(_mine, _CHANGES.c.id <= _first_beyond)
    .with_for_update(skip_locked=True)
    .cte("beyond")
    .prefix_with("materialized")
)
_FORGOTTEN = delete(_CHANGES).where(_CHANGES.c.id.in_(select(_beyond.c.id))).cte("forgotten")

# Of works that were merged into others nothing is taken back. The work is held before all else.
_last = (
    select(_CHANGES.c.id)
    .join(MediaItem, MediaItem.id == _CHANGES.c.media_item_id)
    .where(_mine, _CHANGES.c.at > bindparam("since"), MediaItem.merged_into.is_(None))
    .order_by(_CHANGES.c.id.desc())
    .limit(1)
    .with_for_update(read=True, key_share=True, of=MediaItem)
    .scalar_subquery()
)
_ROWS = ("state_before", "state_after", "log_before", "log_after")
_taken = (
    delete(_CHANGES)
    .where(_CHANGES.c.id == _last)
    .returning(
        _CHANGES.c.media_item_id,
        _CHANGES.c.what,
        *(cast(_CHANGES.c[name], Text).label(name) for name in _ROWS),
    )
    .cte("taken")
)
_TAKE_LAST = select(_taken, MediaItem.title).join_from(
    _taken, MediaItem, MediaItem.id == _taken.c.media_item_id
)

# First the entry and then the state, as whoever edits one holds them: no two wait for each other.
_its_log = (
    select(UserLog.id)
    .where(UserLog.id == bindparam("log_id", type_=Uuid))
    .with_for_update()
    .cte("its_log")
)
_HOLD_ROWS = (
    select(UserState.id)
    .where(
        UserState.user_id == bindparam("person_id", type_=Uuid),
        UserState.media_item_id == bindparam("media_item_id", type_=Uuid),
        select(func.count()).select_from(_its_log).scalar_subquery() >= 0,
    )
    .with_for_update(of=UserState)
)


async def take_turn(session: Session, user_id: UUID) -> None:
    """Wait until what the same person takes back in parallel has been taken back."""
    lock = func.pg_advisory_xact_lock(UNDO_LOCK, func.hashtext(str(user_id)))
    await session.execute(select(lock))


async def take_last(session: Session, user_id: UUID, since: datetime) -> Change | None:
    """The last change since then, which is forgotten with that.

    None also when its work was merged into another while this waited: look again.
    """
    values = {"person_id": user_id, "since": since}
    row = (await session.execute(_TAKE_LAST, values)).one_or_none()
    if row is None:
        return None
    return Change(
        media_item_id=row.media_item_id,
        title=row.title,
        what=What(row.what),
        state=Rows(row.state_before, row.state_after),
        log=Rows(row.log_before, row.log_after),
    )


async def hold_rows(session: Session, user_id: UUID, change: Change) -> None:
    """What the change has touched, as far as it is there, is not written until the commit."""
    row = change.log.after or change.log.before
    values = {
        "person_id": user_id,
        "media_item_id": change.media_item_id,
        "log_id": UUID(orjson.loads(row)["id"]) if row else None,
    }
    await session.execute(_HOLD_ROWS, values)


async def restore_log(session: Session, rows: Rows) -> bool:
    """False when it is no longer as the change left it."""
    return await _restore(session, _LOGS, rows)


async def restore_state(session: Session, rows: Rows) -> bool:
    """False when it is no longer as the change left it."""
    return await _restore(session, _STATES, rows)


class _Restoring:
    """Of one table: how a row goes back to what it was, if it still is what it became."""

    def __init__(self, table: Any) -> None:
        name = f"catalog.{table.name}"
        columns = ", ".join(column.name for column in table.columns)
        was = f"jsonb_populate_record(null::{name}, cast(cast(:before as text) as jsonb))"
        became = "cast(cast(:after as text) as jsonb)"
        is_as_left = (
            f"t.id = cast({became} ->> 'id' as uuid)"
            f" and to_jsonb(t) - {_UNSEEN} = {became} - {_UNSEEN}"
        )
        self.insert = text(
            f"insert into {name} ({columns}) select {columns} from {was}"  # noqa: S608 constants
            " on conflict do nothing returning id"
        )
        self.update = text(
            f"update {name} t set ({columns}) = (select {columns} from {was})"  # noqa: S608
            f" where {is_as_left} returning t.id"
        )
        self.delete = text(f"delete from {name} t where {is_as_left} returning t.id")  # noqa: S608


_STATES, _LOGS = _Restoring(UserState.__table__), _Restoring(UserLog.__table__)


async def _restore(session: Session, table: _Restoring, rows: Rows) -> bool:
    match rows:
        case Rows(before=None, after=None):
            return True
        case Rows(after=None):
            restored = await session.execute(table.insert, {"before": rows.before})
        case Rows(before=None):
            restored = await session.execute(table.delete, {"after": rows.after})
        case _:
            values = {"before": rows.before, "after": rows.after}
            restored = await session.execute(table.update, values)
    return restored.one_or_none() is not None
