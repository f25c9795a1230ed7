"""The statements that look over a library."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Select,
    Uuid,
    bindparam,
    false,
    func,
    literal,
    select,
    true,
    tuple_,
    union_all,
)

from catalog.library.diary.repository import to_entry
from catalog.library.logs import Log
from catalog.library.overview.glance import (
    MOST_NEXT_UP,
    NEXT_UP,
    Filter,
    Glance,
    LibraryItem,
    Summary,
)
from catalog.library.repository import to_state
from catalog.library.states import Status
from catalog.media import rows
from catalog.models import LibraryEntry, MediaItem, MediaItemTag, Tag, UserLog, UserState
from common.db import Reader
from common.pages import Mark

_ENTRIES: Any = LibraryEntry.__table__
_STATES: Any = UserState.__table__
_LOGS: Any = UserLog.__table__

_user_id = bindparam("user_id", type_=Uuid)
_mine = _ENTRIES.c.user_id == _user_id
_SUMMARY = select(_ENTRIES.c.status, func.count()).where(_mine).group_by(_ENTRIES.c.status)
_newest_first = (_ENTRIES.c.last_activity_at.desc(), _ENTRIES.c.media_item_id.desc())
# No more than the index holds, so that whatever is passed over is not read.
_KEYS = (
    select(_ENTRIES.c.media_item_id, _ENTRIES.c.last_activity_at)
    .where(_mine)
    .order_by(*_newest_first)
)
_NEXT_UP = (
    _KEYS.add_columns(true().label("is_next"))
    .where(_ENTRIES.c.status.in_(map(literal, NEXT_UP)))
    .limit(MOST_NEXT_UP)
)


async def summary(session: Reader, user_id: UUID) -> Summary:
    """Reads the one index on which the pages go as well."""
    counts = {row[0]: row[1] for row in await session.execute(_SUMMARY, {"user_id": user_id})}
    by_status = {Status(status): count for status, count in counts.items() if status}
    return Summary(sum(counts.values()), by_status)


async def look(
    session: Reader, user_id: UUID, wanted: Filter, after: Mark | None, take: int
) -> Glance:
    """A page, and with the first one what comes next. One more than asked for tells of more."""
    keys = _filtered(_KEYS.add_columns(false().label("is_next")), wanted).limit(take + 1)
    if after is not None:
        place = tuple_(_ENTRIES.c.last_activity_at, _ENTRIES.c.media_item_id)
        keys = keys.where(place < tuple_(*after))
    chosen = keys.cte("chosen") if after else union_all(keys, _NEXT_UP).cte("chosen")
    found = await session.execute(_with_all(chosen), {"user_id": user_id})
    items: list[LibraryItem] = []
    next_up: list[LibraryItem] = []
    for row in found:
        (next_up if row.is_next else items).append(_to_item(row, user_id))
    has_more, items = len(items) > take, items[:take]
    last = Mark(items[-1].last_activity_at, items[-1].item.id) if has_more else None
    return Glance(items, next_up, last)


def _filtered(keys: Any, wanted: Filter) -> Any:
    work_id = _ENTRIES.c.media_item_id
    if wanted.statuses:
        keys = keys.where(_ENTRIES.c.status.in_(wanted.statuses))
    if wanted.media_types:
        of_type = MediaItem.media_type.in_(wanted.media_types)
        keys = keys.where(select(1).where(MediaItem.id == work_id, of_type).exists())
    if wanted.favorite is not None:
        is_favorite = (
            select(1)
            .where(_STATES.c.user_id == _user_id, _STATES.c.media_item_id == work_id)
            .where(_STATES.c.favorite)
            .exists()
        )
        keys = keys.where(is_favorite if wanted.favorite else ~is_favorite)
    if wanted.tag is not None:
        tagged = (
            select(MediaItemTag.media_item_id)
            .join(Tag, Tag.id == MediaItemTag.tag_id)
            .where(func.lower(Tag.name) == func.lower(wanted.tag))
            .where((Tag.owner_id == _user_id) | Tag.owner_id.is_(None))
        )
        keys = keys.where(work_id.in_(tagged))
    return keys


_STATE_COLUMNS = tuple(column.label(f"state_{column.name}") for column in _STATES.c)
_LOG_COLUMNS = tuple(column.label(f"log_{column.name}") for column in _LOGS.c)


def _with_all(chosen: Any) -> Select[*tuple[Any, ...]]:
    of_work = _mine & (_ENTRIES.c.media_item_id == chosen.c.media_item_id)
    of_entry = (_STATES.c.user_id == _user_id) & (_STATES.c.media_item_id == MediaItem.id)
    return (
        select(
            chosen.c.is_next,
            _ENTRIES.c.log_count,
            _ENTRIES.c.last_activity_at,
            *rows.BASE_COLUMNS,
            *_STATE_COLUMNS,
            *_LOG_COLUMNS,
        )
        .join_from(chosen, _ENTRIES, of_work)
        .join(MediaItem, MediaItem.id == chosen.c.media_item_id)
        .outerjoin(_STATES, of_entry)
        .outerjoin(_LOGS, _LOGS.c.id == _ENTRIES.c.last_log_id)
        .order_by(chosen.c.last_activity_at.desc(), chosen.c.media_item_id.desc())
    )


def _to_item(row: Any, user_id: UUID) -> LibraryItem:
    state, log = _part(row, "state_", _STATES), _part(row, "log_", _LOGS)
    return LibraryItem(
        item=rows.to_item(row),
        state=to_state(state) if state.id else None,
        last_log=_to_log(log, user_id) if log.id else None,
        log_count=row.log_count,
        last_activity_at=row.last_activity_at,
    )


def _part(row: Any, prefix: str, table: Any) -> Any:
    """The columns of one table, under their own names."""
    return SimpleNamespace(
        **{column.name: getattr(row, prefix + column.name) for column in table.c}
    )


def _to_log(log: Any, user_id: UUID) -> Log:
    return Log(
        id=log.id,
        user_id=user_id,
        media_item_id=log.media_item_id,
        item=None,
        entry=to_entry(log),
        said_at=log.said_at,
        created_at=log.created_at,
        updated_at=log.updated_at,
    )
