"""Every statement about states, and about activities."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Select,
    Uuid,
    bindparam,
    cast,
    delete,
    exists,
    func,
    null,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from catalog.library.activities import Report
from catalog.library.changes import What
from catalog.library.states import Basis, Opinion, Page, Standing, State, Status
from catalog.library.undoing.repository import BOTH_ROWS, noting
from catalog.media.errors import MediaItemNotFound
from catalog.models import Activity, Idempotency, LibraryChange, MediaItem, UserLog, UserState
from common.db import Reader, Session
from common.deleting import delete_some
from common.pages import Mark

_STATES: Any = UserState.__table__
_LOGS: Any = UserLog.__table__
_ACTIVITIES: Any = Activity.__table__

_user_id = bindparam("user_id", type_=Uuid)
_key = bindparam("key", type_=_ACTIVITIES.c.key.type)
# A work that was merged into another means that one.
_meant = select(func.coalesce(MediaItem.merged_into, MediaItem.id).label("id")).where(
    MediaItem.id == bindparam("media_item_id", type_=Uuid)
)
MEANT = _meant.scalar_subquery()
# Held before anything else, so that it stays what it is until the commit: to be merged, it waits.
WORK = _meant.with_for_update(read=True, key_share=True).cte("work")


def _state_of(work_id: Any) -> tuple[Any, ...]:
    return _STATES.c.user_id == _user_id, _STATES.c.media_item_id == work_id


def _new_values(source: Any) -> Select[*tuple[Any, ...]]:
    """The columns of a state, of the work that is meant."""
    given = {column.name: bindparam(column.name, type_=column.type) for column in _STATES.c}
    return select(*(given | {"media_item_id": WORK.c.id}).values()).select_from(source)


# Built once: to build a statement costs more than to run it.
_NOTE_ACTIVITY = insert(_ACTIVITIES).on_conflict_do_nothing().returning(_ACTIVITIES.c.key)
_RECORDED = select(
    _STATES,
    exists().where(_LOGS.c.user_id == _user_id, _LOGS.c.idempotency_key == _key).label("in_diary"),
).where(*_state_of(MEANT))
_noted = (
    insert(_ACTIVITIES)
    .values(user_id=_user_id, key=_key)
    .on_conflict_do_nothing()
    .returning(_ACTIVITIES.c.key)
    .cte("noted")
)
_NAMES = [column.name for column in _STATES.c]
_STATE_KEY = ("user_id", "media_item_id")
_insert = insert(_STATES)
# A state that is there is locked by being written as it is.
_UNCHANGED = {"favorite": _STATES.c.favorite}
_added_or_locked = (
    _insert.from_select(_NAMES, _new_values(_noted.join(WORK, true())))
    .on_conflict_do_update(index_elements=_STATE_KEY, set_=_UNCHANGED)
    .returning(_STATES)
    .cte("held")
)
# Out of what was noted, so that everybody notes first and locks then.
_locked = (
    select(_STATES)
    .select_from(_noted.join(WORK, true()).join(_STATES, true()))
    .where(*_state_of(WORK.c.id))
    .with_for_update(of=_STATES)
    .cte("held")
)


def _noting_and_holding(held: Any) -> Select[*tuple[Any, ...]]:
    """One row if there is such a work; whether the activity is new, and the state."""
    return select(exists(select(_noted)).label("is_news"), held).select_from(
        WORK.outerjoin(held, true())
    )


_NOTE_AND_ADD_OR_LOCK = _noting_and_holding(_added_or_locked)
_NOTE_AND_LOCK = _noting_and_holding(_locked)
_ADD_OR_LOCK = (
    _insert.from_select(_NAMES, _new_values(WORK))
    .on_conflict_do_update(index_elements=_STATE_KEY, set_=_UNCHANGED)
    .returning(_STATES)
)
_STATE = select(_STATES).where(*_state_of(bindparam("media_item_id", type_=Uuid)))
_LOCK = _STATE.with_for_update()

_replaced = (
    _insert.from_select(_NAMES, _new_values(WORK))
    .on_conflict_do_update(
        index_elements=_STATE_KEY,
        set_={name: _insert.excluded[name] for name in _NAMES if name not in {"id", *_STATE_KEY}},
    )
    .returning(*BOTH_ROWS, *_STATES.c)
    .cte("replaced")
)
_REPLACE = select(_replaced).add_cte(*noting(What.SET, _replaced))
_cleared = delete(_STATES).where(*_state_of(MEANT)).returning(*BOTH_ROWS, *_STATES.c).cte("cleared")
_CLEAR = select(_cleared.c.id).add_cte(*noting(What.CLEARED, _cleared))

_MOVING = (
    "status", "started_at", "finished_at", "set_status", "set_started_at", "set_finished_at",
    "set_at", "updated_at",
)  # fmt: skip
_held_state = _STATES.c.id == bindparam("state_id", type_=Uuid)
# For statements that write an entry as well, hence the names of the parameters.
MOVE_STATE = (
    update(_STATES)
    .where(_held_state)
    .values({name: bindparam(f"state_{name}") for name in _MOVING})
    .returning(*BOTH_ROWS)
)
DROP_STATE = delete(_STATES).where(_held_state).returning(*BOTH_ROWS)
NEW_STATE = select(
    cast(null(), JSONB).label("before"), func.to_jsonb(_STATES.table_valued()).label("after")
).where(_held_state)

_STATES_OF = (
    select(_STATES)
    .where(_STATES.c.user_id == _user_id)
    .order_by(_STATES.c.updated_at.desc(), _STATES.c.id.desc())
)
_asked = MediaItem.id == func.any(bindparam("media_item_ids", type_=ARRAY(Uuid)))
_STATES_OF_WORKS = select(_STATES).where(
    _STATES.c.user_id == _user_id,
    _STATES.c.media_item_id.in_(
        select(func.coalesce(MediaItem.merged_into, MediaItem.id)).where(_asked)
    ),
)


class Held(NamedTuple):
    """The state under a lock, if there is one, and whether it was there before."""

    state: State | None
    was_there: bool


async def note_activity(session: Session, report: Report) -> bool:
    """False when it was noted before. Waits for a twin under way."""
    noted = await session.execute(_NOTE_ACTIVITY, {"user_id": report.user_id, "key": report.key})
    return noted.scalar_one_or_none() is not None


async def find_recorded(session: Reader, report: Report) -> tuple[State | None, bool]:
    """The state, and whether the diary has an entry of the report."""
    row = (await session.execute(_RECORDED, _place(report))).one_or_none()
    return (None, False) if row is None else (to_state(row), row.in_diary)


async def note_and_hold_state(session: Session, report: Report, new: State | None) -> Held | None:
    """None when the activity was noted before; without a state there is `new` from now on, if any.

    In one statement, which waits for a twin under way: parallel activities follow one another
    already when none has a state yet. The state is held until the commit.
    """
    statement = _NOTE_AND_LOCK if new is None else _NOTE_AND_ADD_OR_LOCK
    values = _place(report) if new is None else {"key": report.key, **_values(new)}
    row = (await session.execute(statement, values)).one_or_none()
    if row is None:
        raise MediaItemNotFound(report.media_item_id)
    return _held(row, new) if row.is_news else None


def _place(report: Report) -> dict[str, object]:
    return {
        "user_id": report.user_id,
        "media_item_id": report.media_item_id,
        "key": report.key,
    }


async def hold_state(session: Session, new: State) -> Held:
    """The state until the commit; where there is none, `new` from now on."""
    row = (await session.execute(_ADD_OR_LOCK, _values(new))).one_or_none()
    if row is None:
        raise MediaItemNotFound(new.media_item_id)
    return _held(row, new)


async def lock_state(session: Session, user_id: UUID, media_item_id: UUID) -> Held:
    values = {"user_id": user_id, "media_item_id": media_item_id}
    row = (await session.execute(_LOCK, values)).one_or_none()
    return Held(None, was_there=False) if row is None else _held(row, None)


def _held(row: Any, new: State | None) -> Held:
    if row.id is None:
        return Held(None, was_there=False)
    return Held(to_state(row), was_there=new is None or row.id != new.id)


async def find_state(session: Reader, user_id: UUID, media_item_id: UUID) -> State | None:
    values = {"user_id": user_id, "media_item_id": media_item_id}
    row = (await session.execute(_STATE, values)).one_or_none()
    return None if row is None else to_state(row)


async def find_states(
    session: Reader, user_id: UUID, media_item_ids: Sequence[UUID]
) -> list[State]:
    values = {"user_id": user_id, "media_item_ids": list(media_item_ids)}
    return [to_state(row) for row in await session.execute(_STATES_OF_WORKS, values)]


async def replace_state(session: Session, state: State) -> State:
    """The state as it is now: one that was there keeps its id."""
    values = {"person_id": state.user_id, **_values(state)}
    row = (await session.execute(_REPLACE, values)).one_or_none()
    if row is None:
        raise MediaItemNotFound(state.media_item_id)
    return to_state(row)


async def clear_state(session: Session, user_id: UUID, media_item_id: UUID) -> bool:
    values = {"person_id": user_id, "user_id": user_id, "media_item_id": media_item_id}
    return (await session.execute(_CLEAR, values)).one_or_none() is not None


def moving_values(state: State) -> dict[str, object]:
    """Parameters of MOVE_STATE."""
    values = _values(state)
    return {"state_id": state.id} | {f"state_{name}": values[name] for name in _MOVING}


def _values(state: State) -> dict[str, object]:
    basis = state.basis
    ground = basis.standing if basis else None
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
        "set_status": ground.status if ground else None,
        "set_started_at": ground.started_at if ground else None,
        "set_finished_at": ground.finished_at if ground else None,
        "set_at": basis.at if basis else None,
        "updated_at": state.updated_at,
    }


async def page_of_states(session: Reader, user_id: UUID, after: Mark | None, take: int) -> Page:
    # One more than asked for tells whether more follow.
    statement = _STATES_OF.limit(take + 1)
    if after is not None:
        statement = statement.where(tuple_(_STATES.c.updated_at, _STATES.c.id) < tuple_(*after))
    found = (await session.execute(statement, {"user_id": user_id})).all()
    states = [to_state(row) for row in found[:take]]
    last = Mark(states[-1].updated_at, states[-1].id) if len(found) > take else None
    return Page(states, last)


async def forget_changes(session: Session, at_before: datetime, limit: int) -> int:
    return await delete_some(session, LibraryChange, LibraryChange.at < at_before, limit)


async def forget_person(session: Session, user_id: UUID) -> None:
    """What the library holds goes with the states and logs."""
    for table in (UserState, UserLog, Activity, LibraryChange, Idempotency):
        await session.execute(delete(table).where(table.user_id == user_id))


def to_state(row: Any) -> State:
    return State(
        id=row.id,
        user_id=row.user_id,
        media_item_id=row.media_item_id,
        standing=Standing(Status(row.status), row.started_at, row.finished_at),
        opinion=Opinion(rating=row.rating, favorite=row.favorite, notes=row.notes),
        basis=_to_basis(row),
        updated_at=row.updated_at,
    )


def _to_basis(row: Any) -> Basis | None:
    if row.set_at is None:
        return None
    if row.set_status is None:
        return Basis(None, row.set_at)
    standing = Standing(Status(row.set_status), row.set_started_at, row.set_finished_at)
    return Basis(standing, row.set_at)
