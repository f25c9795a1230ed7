"""What one does in a library."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from catalog.library import repository, rules
from catalog.library.activities import Activity, Report
from catalog.library.changes import KEPT
from catalog.library.diary import repository as diary
from catalog.library.errors import StateNotFound
from catalog.library.logs import Entry, Log, LogType
from catalog.library.states import NO_OPINION, Basis, Opinion, Page, Standing, State
from catalog.tags import repository as tags
from common import pages
from common.db import Reader, Session, new_id, now
from common.pages import Mark

USUAL_STATES, MOST_STATES = 500, 1000


@dataclass(frozen=True, slots=True)
class Recorded:
    """The state afterwards, if there is one, and whether anything is different now.

    `in_diary` tells whether there is an entry of the activity, now or from before.
    """

    state: State | None
    changed: bool
    in_diary: bool


async def record(session: Session, report: Report) -> Recorded:
    """At most three statements. Of calls with one key the first has an effect, also in parallel."""
    recorded = None
    if report.activity is not None:
        recorded = await _follow(session, report, report.activity)
    elif await repository.note_activity(session, report):
        recorded = Recorded(None, changed=False, in_diary=False)
    is_news = recorded is not None
    if recorded is None or recorded.state is None:
        known, in_diary = await repository.find_recorded(session, report)
        recorded = Recorded(known, changed=False, in_diary=in_diary)
    if is_news and report.tags and await _tag(session, report):
        recorded = replace(recorded, changed=True)
    return recorded


async def _tag(session: Session, report: Report) -> bool:
    return await tags.put_own(session, report.user_id, report.media_item_id, report.tags)


async def _follow(session: Session, report: Report, activity: Activity) -> Recorded | None:
    """The state and the entry of the diary; None when the activity was noted before."""
    at = report.occurred_at
    new = _new_state(report, activity)
    held = await repository.note_and_hold_state(session, report, new)
    if held is None:
        return None
    state = held.state
    log_type = rules.log_type(activity, at, state.standing if state and held.was_there else None)
    if state is None or log_type is None:
        return Recorded(state, changed=False, in_diary=False)
    moved = None
    after = rules.standing(activity, at, state.standing)
    if after and after != state.standing:
        basis = state.basis if rules.is_told_by_its_entry(activity) else Basis(after, now())
        moved = replace(state, standing=after, basis=basis, updated_at=now())
    await diary.add_told(session, _entry(report, log_type, state), report.key, moved)
    return Recorded(moved or state, changed=True, in_diary=True)


def _new_state(report: Report, activity: Activity) -> State | None:
    standing = rules.standing(activity, report.occurred_at, None)
    if standing is None:
        return None
    ground = None if rules.is_told_by_its_entry(activity) else standing
    return _state(report.user_id, report.media_item_id, standing, NO_OPINION, Basis(ground, now()))


def _entry(report: Report, log_type: LogType, state: State) -> Log:
    at = now()
    return Log(
        id=new_id(),
        user_id=state.user_id,
        media_item_id=state.media_item_id,
        item=None,
        entry=Entry(log_type=log_type, notes=report.notes, logged_at=report.occurred_at),
        said_at=at,
        created_at=at,
        updated_at=at,
    )


def _state(
    user_id: UUID, media_item_id: UUID, standing: Standing, opinion: Opinion, basis: Basis
) -> State:
    return State(
        id=new_id(),
        user_id=user_id,
        media_item_id=media_item_id,
        standing=standing,
        opinion=opinion,
        basis=basis,
        updated_at=basis.at,
    )


async def set_state(
    session: Session, *, user_id: UUID, media_item_id: UUID, standing: Standing, opinion: Opinion
) -> State:
    """One statement."""
    state = _state(user_id, media_item_id, standing, opinion, Basis(standing, now()))
    return await repository.replace_state(session, state)


async def clear_state(session: Session, *, user_id: UUID, media_item_id: UUID) -> None:
    """One statement."""
    if not await repository.clear_state(session, user_id, media_item_id):
        raise StateNotFound(media_item_id)


async def get_states(
    session: Reader, *, user_id: UUID, media_item_ids: Sequence[UUID]
) -> list[State]:
    """One statement; none for no works."""
    if not media_item_ids:
        return []
    return await repository.find_states(session, user_id, media_item_ids)


async def list_states(
    session: Reader, *, user_id: UUID, after: Mark | None, page_size: int
) -> Page:
    """One statement."""
    take = pages.page_size(page_size, usual=USUAL_STATES, largest=MOST_STATES)
    return await repository.page_of_states(session, user_id, after, take)


async def forget_old_changes(session: Session, limit: int) -> int:
    """See common.sweeps.Batch."""
    return await repository.forget_changes(session, now() - KEPT, limit)


async def forget_person(session: Session, user_id: UUID) -> None:
    """All that a person did is deleted."""
    await repository.forget_person(session, user_id)
