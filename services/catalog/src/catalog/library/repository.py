"""Every statement about states, logs and tags."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Text,
    Uuid,
    bindparam,
    delete,
    exists,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from catalog.library.activities import Report
from catalog.library.logs import Log, LogType
from catalog.library.states import Opinion, Page, Standing, State, Status
from catalog.media import rows
from catalog.media.errors import MediaItemNotFound
from catalog.models import Activity, MediaItem, MediaItemTag, Tag, UserLog, UserState
from common.db import Reader, Session, new_id, now
from common.pages import Mark

_STATES: Any = UserState.__table__
_LOGS: Any = UserLog.__table__
_ACTIVITIES: Any = Activity.__table__

_ITEM_KEYS = frozenset(
    f"fk_{table.__tablename__}_media_item_id" for table in (UserState, UserLog, MediaItemTag)
)


@contextmanager
def _of_known_item(media_item_id: UUID) -> Iterator[None]:
    """The foreign keys tell whether there is such a work: to look before would be a race."""
    try:
        yield
    except IntegrityError as error:
        cause = error.orig.__cause__ if error.orig else None
        if getattr(cause, "constraint_name", None) in _ITEM_KEYS:
            raise MediaItemNotFound(media_item_id) from None
        raise


# Built once: to build a statement costs more than to run it.
_NOTE_ACTIVITY = insert(_ACTIVITIES).on_conflict_do_nothing().returning(_ACTIVITIES.c.key)
_OF_PERSON_AND_WORK = (
    _STATES.c.user_id == bindparam("user_id"),
    _STATES.c.media_item_id == bindparam("media_item_id"),
)
_RECORDED = select(
    _STATES,
    exists()
    .where(_LOGS.c.user_id == bindparam("user_id"), _LOGS.c.idempotency_key == bindparam("key"))
    .label("in_diary"),
).where(*_OF_PERSON_AND_WORK)
_STATE_KEY = ("user_id", "media_item_id")
_new_state = insert(_STATES)
_noted = (
    insert(_ACTIVITIES)
    .values(user_id=bindparam("user_id"), key=bindparam("key"))
    .on_conflict_do_nothing()
    .returning(_ACTIVITIES.c.key)
    .cte("noted")
)
_ADD_OR_LOCK_STATE = (
    _new_state.from_select(
        [column.name for column in _STATES.c],
        select(*(bindparam(column.name, type_=column.type) for column in _STATES.c)).select_from(
            _noted
        ),
    )
    .on_conflict_do_update(index_elements=_STATE_KEY, set_={"user_id": _new_state.excluded.user_id})
    .returning(_STATES)
)
# Out of what was noted, so that everybody notes first and locks then.
_held = (
    select(_STATES)
    .join_from(_noted, _STATES, true())
    .where(*_OF_PERSON_AND_WORK)
    .with_for_update(of=_STATES)
    .cte("held")
)
_LOCK_STATE = select(_held).select_from(_noted.outerjoin(_held, true()))
_REPLACE_STATE = _new_state.on_conflict_do_update(
    index_elements=_STATE_KEY,
    set_={
        column.name: _new_state.excluded[column.name]
        for column in _STATES.c
        if column.name not in {"id", *_STATE_KEY}
    },
).returning(_STATES)
_FOLLOWING = ("status", "started_at", "finished_at", "updated_at")
_MOVE_STATE = (
    update(_STATES)
    .where(_STATES.c.id == bindparam("state_id"))
    .values({name: bindparam(f"state_{name}") for name in _FOLLOWING})
)
# Parameters that are called like a column would be values of both statements.
_ADD_LOG = insert(_LOGS).values(
    id=bindparam("log_id"),
    user_id=bindparam("log_user_id"),
    media_item_id=bindparam("log_media_item_id"),
    log_type=bindparam("log_type_"),
    notes=bindparam("log_notes"),
    idempotency_key=bindparam("log_key"),
    logged_at=bindparam("log_logged_at"),
    created_at=bindparam("log_at"),
    updated_at=bindparam("log_at"),
)
_MOVE_STATE_AND_ADD_LOG = _ADD_LOG.add_cte(_MOVE_STATE.cte("moved"))
_STATES_OF = (
    select(_STATES)
    .where(_STATES.c.user_id == bindparam("user_id"))
    .order_by(_STATES.c.updated_at.desc(), _STATES.c.id.desc())
)
_LOGS_OF = (
    select(
        *rows.BASE_COLUMNS,
        _LOGS.c.id.label("log_id"),
        _LOGS.c.log_type,
        _LOGS.c.notes,
        _LOGS.c.minutes_spent,
        _LOGS.c.progress_percent,
        _LOGS.c.goal_target,
        _LOGS.c.goal_due_on,
        _LOGS.c.logged_at,
        _LOGS.c.created_at.label("log_created_at"),
        _LOGS.c.updated_at.label("log_updated_at"),
    )
    .join_from(UserLog, MediaItem)
    .order_by(_LOGS.c.logged_at.desc(), _LOGS.c.id.desc())
)
# Tags that are there are held, so that they stay until the commit. Others are made in one order, so
# that no two activities lock each other; who makes a tag second takes over what the first made.
_TAG = text(
    """
    with asked as (
      select distinct on (lower(name)) id, name
      from unnest(:ids, :names) as asked(id, name) order by lower(name)
    ),
    known as (
      select t.id, t.name from catalog.tags t
      where t.owner_id = :owner_id and lower(t.name) in (select lower(name) from asked)
      for key share
    ),
    made as (
      insert into catalog.tags (id, owner_id, name, created_at)
      select id, :owner_id, name, :at from asked
      where lower(name) not in (select lower(name) from known)
      order by lower(name)
      on conflict (owner_id, lower(name)) do update set name = tags.name
      returning id
    )
    insert into catalog.media_item_tags (media_item_id, tag_id)
    select :media_item_id, id from (select id from known union all select id from made) theirs
    on conflict do nothing
    returning tag_id
    """
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("names", type_=ARRAY(Text)),
    bindparam("owner_id", type_=Uuid),
    bindparam("media_item_id", type_=Uuid),
)


class Held(NamedTuple):
    """The state that was there, unchanged."""

    before: State | None


async def note_activity(session: Session, report: Report) -> bool:
    """False when it was noted before. Waits for a twin under way."""
    noted = await session.execute(_NOTE_ACTIVITY, {"user_id": report.user_id, "key": report.key})
    return noted.scalar_one_or_none() is not None


async def find_recorded(session: Reader, report: Report) -> tuple[State | None, bool]:
    """The state, and whether the diary has an entry of the report."""
    row = (await session.execute(_RECORDED, _place(report))).one_or_none()
    return (None, False) if row is None else (_to_state(row), row.in_diary)


async def note_and_hold_state(session: Session, report: Report, new: State | None) -> Held | None:
    """None when the activity was noted before; without a state there is `new` from now on, if any.

    In one statement, which waits for a twin under way: parallel activities follow one another
    already when none has a state yet. The state is held until the commit.
    """
    statement = _LOCK_STATE if new is None else _ADD_OR_LOCK_STATE
    values = _place(report) if new is None else {"key": report.key, **_values(new)}
    with _of_known_item(report.media_item_id):
        row = (await session.execute(statement, values)).one_or_none()
    if row is None:
        return None
    was_there = row.id is not None and (new is None or row.id != new.id)
    return Held(_to_state(row) if was_there else None)


def _place(report: Report) -> dict[str, object]:
    return {
        "user_id": report.user_id,
        "media_item_id": report.media_item_id,
        "key": report.key,
    }


async def replace_state(session: Session, state: State) -> State:
    """The state as it is now: one that was there keeps its id."""
    with _of_known_item(state.media_item_id):
        return _to_state((await session.execute(_REPLACE_STATE, _values(state))).one())


def _values(state: State) -> dict[str, object]:
    return {
        "id": state.id,
        "user_id": state.user_id,
        "media_item_id": state.media_item_id,
        "status": state.standing.status,
        "started_at": state.standing.started_at,
        "finished_at": state.standing.finished_at,
        "rating": state.opinion.rating,
        "favorite": state.opinion.favorite,
        "notes": state.opinion.notes,
        "updated_at": state.updated_at,
    }


async def add_log(
    session: Session, report: Report, log_type: LogType, *, moved: State | None
) -> None:
    """The entry, and where the state that is held has moved with it."""
    values = _entry(report, log_type)
    if moved is not None:
        state = _values(moved)
        values |= {"state_id": moved.id} | {f"state_{name}": state[name] for name in _FOLLOWING}
    statement = _ADD_LOG if moved is None else _MOVE_STATE_AND_ADD_LOG
    with _of_known_item(report.media_item_id):
        await session.execute(statement, values)


def _entry(report: Report, log_type: LogType) -> dict[str, object]:
    return {
        "log_id": new_id(),
        "log_user_id": report.user_id,
        "log_media_item_id": report.media_item_id,
        "log_type_": log_type,
        "log_notes": report.notes,
        "log_key": report.key,
        "log_logged_at": report.occurred_at,
        "log_at": now(),
    }


async def tag(session: Session, report: Report) -> bool:
    """Put the person's tags of these names on the work; False when it has them all."""
    values = {
        "owner_id": report.user_id,
        "media_item_id": report.media_item_id,
        "ids": [new_id() for _ in report.tags],
        "names": list(report.tags),
        "at": now(),
    }
    with _of_known_item(report.media_item_id):
        return bool((await session.execute(_TAG, values)).all())


async def page_of_states(session: Reader, user_id: UUID, after: Mark | None, take: int) -> Page:
    # One more than asked for tells whether more follow.
    statement = _STATES_OF.limit(take + 1)
    if after is not None:
        statement = statement.where(tuple_(_STATES.c.updated_at, _STATES.c.id) < tuple_(*after))
    found = (await session.execute(statement, {"user_id": user_id})).all()
    states = [_to_state(row) for row in found[:take]]
    last = Mark(states[-1].updated_at, states[-1].id) if len(found) > take else None
    return Page(states, last)


async def logs(
    session: Reader,
    *,
    user_id: UUID,
    media_item_id: UUID | None,
    log_type: LogType | None,
    take: int,
    skip: int,
) -> list[Log]:
    statement = _LOGS_OF.where(_LOGS.c.user_id == user_id)
    if media_item_id is not None:
        statement = statement.where(_LOGS.c.media_item_id == media_item_id)
    if log_type is not None:
        statement = statement.where(_LOGS.c.log_type == log_type)
    found = await session.execute(statement.limit(take).offset(skip))
    return [_to_log(row, user_id) for row in found]


async def forget_person(session: Session, user_id: UUID) -> None:
    await session.execute(delete(UserState).where(UserState.user_id == user_id))
    await session.execute(delete(UserLog).where(UserLog.user_id == user_id))
    await session.execute(delete(Tag).where(Tag.owner_id == user_id))
    await session.execute(delete(Activity).where(Activity.user_id == user_id))


def _to_state(row: Any) -> State:
    return State(
        id=row.id,
        user_id=row.user_id,
        media_item_id=row.media_item_id,
        standing=Standing(Status(row.status), row.started_at, row.finished_at),
        opinion=Opinion(rating=row.rating, favorite=row.favorite, notes=row.notes),
        updated_at=row.updated_at,
    )


def _to_log(row: Any, user_id: UUID) -> Log:
    return Log(
        id=row.log_id,
        user_id=user_id,
        item=rows.to_item(row),
        log_type=LogType(row.log_type),
        notes=row.notes,
        minutes_spent=row.minutes_spent,
        progress_percent=row.progress_percent,
        goal_target=row.goal_target,
        goal_due_on=row.goal_due_on,
        logged_at=row.logged_at,
        created_at=row.log_created_at,
        updated_at=row.log_updated_at,
    )
