"""Every statement about the entries of diaries."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum, auto
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, delete, func, insert, select, true, tuple_, update

from catalog.library.changes import What
from catalog.library.logs import Entry, Log, LogFilter, LogPage, LogType, Saying, Slice
from catalog.library.repository import DROP_STATE, MEANT, MOVE_STATE, NEW_STATE, WORK, moving_values
from catalog.library.states import State
from catalog.library.undoing.repository import BOTH_ROWS, noting
from catalog.media import rows
from catalog.media.errors import MediaItemNotFound
from catalog.media.items import Item
from catalog.models import MediaItem, UserLog
from common.db import Reader, Session
from common.pages import Mark

_LOGS: Any = UserLog.__table__
_ENTRY = (
    "log_type", "notes", "minutes_spent", "progress_percent", "goal_target", "goal_due_on",
    "logged_at",
)  # fmt: skip
# Parameters that are called like a column would be values of the state as well.
_ENTRY_VALUES = {name: bindparam(f"log_{name}", type_=_LOGS.c[name].type) for name in _ENTRY}
_log_id = bindparam("log_id", type_=Uuid)

_ADD = insert(_LOGS).values(
    id=_log_id,
    user_id=bindparam("log_user_id"),
    media_item_id=bindparam("log_media_item_id"),
    idempotency_key=bindparam("log_key"),
    said_at=bindparam("log_said_at"),
    created_at=bindparam("log_created_at"),
    updated_at=bindparam("log_updated_at"),
    **_ENTRY_VALUES,
)
_ADD_AND_MOVE_STATE = _ADD.add_cte(MOVE_STATE.cte("moved"))
_HOW: Mapping[What, Any] = {
    What.WRITTEN: _ADD,
    What.CHANGED: update(_LOGS)
    .where(_LOGS.c.id == _log_id)
    .values(
        said_at=bindparam("log_said_at"), updated_at=bindparam("log_updated_at"), **_ENTRY_VALUES
    ),
    What.DELETED: delete(_LOGS).where(_LOGS.c.id == _log_id),
}


class Following(Enum):
    """What an entry does to the state: it was made just now, or moves, or goes."""

    MADE = auto()
    MOVED = auto()
    GONE = auto()


class Move(NamedTuple):
    """The state as it is afterwards, or was if it goes."""

    following: Following
    state: State


_FOLLOWING = {
    Following.MADE: NEW_STATE,
    Following.MOVED: MOVE_STATE,
    Following.GONE: DROP_STATE,
}


# Built once each: to build a statement costs more than to run it.
@cache
def _writing(what: What, following: Following | None) -> Select[*tuple[Any, ...]]:
    written = (
        _HOW[what].returning(*BOTH_ROWS, _LOGS.c.user_id, _LOGS.c.media_item_id).cte("written")
    )
    move: Any = _FOLLOWING[following] if following else None
    moved = None if move is None else move.cte("moved")
    return select(written.c.user_id).add_cte(*noting(what, written, moved))


_COLUMNS = (
    *rows.BASE_COLUMNS,
    _LOGS.c.id.label("log_id"),
    _LOGS.c.user_id,
    *(_LOGS.c[name] for name in _ENTRY),
    _LOGS.c.said_at,
    _LOGS.c.created_at.label("log_created_at"),
    _LOGS.c.updated_at.label("log_updated_at"),
)
_WITH_WORK = select(*_COLUMNS).join_from(UserLog, MediaItem)
_LOGS_OF = _WITH_WORK.where(_LOGS.c.user_id == bindparam("user_id")).order_by(
    _LOGS.c.logged_at.desc(), _LOGS.c.id.desc()
)
_OWN = (_LOGS.c.id == _log_id, _LOGS.c.user_id == bindparam("user_id"))
# Of which work it is, held before the entry is.
_its_work = (
    select(MediaItem.id)
    .join(UserLog)
    .where(*_OWN)
    .with_for_update(read=True, key_share=True, of=MediaItem)
    .cte("its_work")
)
_LOCK = _WITH_WORK.join(_its_work, true()).where(*_OWN).with_for_update(of=_LOGS)
# The first and the last of each type: the others lead nowhere else.
_SAID = (
    select(_LOGS.c.log_type, func.min(_LOGS.c.logged_at), func.max(_LOGS.c.logged_at))
    .where(
        _LOGS.c.user_id == bindparam("user_id"),
        _LOGS.c.media_item_id == bindparam("media_item_id"),
        _LOGS.c.id != _log_id,
    )
    .group_by(_LOGS.c.log_type)
)
_WORK = select(*rows.BASE_COLUMNS).join(WORK, WORK.c.id == MediaItem.id)


async def hold_work(session: Session, media_item_id: UUID) -> Item:
    """The work that is meant, as it stays until the commit."""
    row = (await session.execute(_WORK, {"media_item_id": media_item_id})).one_or_none()
    if row is None:
        raise MediaItemNotFound(media_item_id)
    return rows.to_item(row)


async def lock_log(session: Session, user_id: UUID, log_id: UUID) -> Log | None:
    """None also when its work was merged into another while this waited: look again."""
    row = (await session.execute(_LOCK, {"user_id": user_id, "log_id": log_id})).one_or_none()
    return None if row is None else _to_log(row)


async def others_since(session: Session, log: Log, since: datetime | None) -> list[Saying]:
    """What else the diary says of the same work, as far as it was said from then on."""
    statement = _SAID if since is None else _SAID.where(_LOGS.c.said_at >= since)
    values = {"user_id": log.user_id, "media_item_id": log.media_item_id, "log_id": log.id}
    said = await session.execute(statement, values)
    return [Saying(LogType(kind), at) for kind, *ends in said for at in ends]


async def write(session: Session, what: What, log: Log, move: Move | None) -> None:
    """The entry is as `log` says from now on, or gone, and the state moves along."""
    values = _values(log) if what is not What.DELETED else {"log_id": log.id}
    if move is not None:
        values |= _moving(move)
    statement = _writing(what, move.following if move else None)
    await session.execute(statement, values | {"person_id": log.user_id})


def _moving(move: Move) -> dict[str, object]:
    if move.following is Following.MOVED:
        return moving_values(move.state)
    return {"state_id": move.state.id}


async def add_told(session: Session, log: Log, key: str, moved: State | None) -> None:
    """An entry that an activity makes, and where the state that is held has moved with it."""
    values = _values(log) | {"log_key": key}
    if moved is None:
        await session.execute(_ADD, values)
    else:
        await session.execute(_ADD_AND_MOVE_STATE, values | moving_values(moved))


def _values(log: Log) -> dict[str, object]:
    return {
        "log_id": log.id,
        "log_user_id": log.user_id,
        "log_media_item_id": log.media_item_id,
        "log_key": None,
        "log_said_at": log.said_at,
        "log_created_at": log.created_at,
        "log_updated_at": log.updated_at,
    } | {f"log_{name}": getattr(log.entry, name) for name in _ENTRY}


async def page_of_logs(session: Reader, user_id: UUID, wanted: LogFilter, part: Slice) -> LogPage:
    # One more than asked for tells whether more follow.
    statement = _LOGS_OF.limit(part.take + 1)
    values: dict[str, object] = {"user_id": user_id}
    if wanted.media_item_id is not None:
        statement = statement.where(_LOGS.c.media_item_id == MEANT)
        values["media_item_id"] = wanted.media_item_id
    if wanted.log_type is not None:
        statement = statement.where(_LOGS.c.log_type == wanted.log_type)
    if part.after is None:
        statement = statement.offset(part.skip)
    else:
        statement = statement.where(tuple_(_LOGS.c.logged_at, _LOGS.c.id) < tuple_(*part.after))
    found = (await session.execute(statement, values)).all()
    logs = [_to_log(row) for row in found[: part.take]]
    last = Mark(logs[-1].entry.logged_at, logs[-1].id) if len(found) > part.take else None
    return LogPage(logs, last)


def to_entry(row: Any) -> Entry:
    return Entry(
        log_type=LogType(row.log_type),
        notes=row.notes,
        minutes_spent=row.minutes_spent,
        progress_percent=row.progress_percent,
        goal_target=row.goal_target,
        goal_due_on=row.goal_due_on,
        logged_at=row.logged_at,
    )


def _to_log(row: Any) -> Log:
    return Log(
        id=row.log_id,
        user_id=row.user_id,
        media_item_id=row.id,
        item=rows.to_item(row),
        entry=to_entry(row),
        said_at=row.said_at,
        created_at=row.log_created_at,
        updated_at=row.log_updated_at,
    )
