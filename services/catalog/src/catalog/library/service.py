"""What one does in a library."""

from dataclasses import dataclass, replace
from uuid import UUID

from catalog.library import repository, rules
from catalog.library.activities import Activity, Report
from catalog.library.logs import Log, LogType
from catalog.library.states import Opinion, Page, Standing, State
from common import pages
from common.db import Reader, Session, new_id, now
from common.pages import Mark

USUAL_STATES, MOST_STATES = 500, 1000
USUAL_LOGS, MOST_LOGS = 50, 200


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
    if is_news and report.tags and await repository.tag(session, report):
        recorded = replace(recorded, changed=True)
    return recorded


async def _follow(session: Session, report: Report, activity: Activity) -> Recorded | None:
    """The state and the entry of the diary; None when the activity was noted before."""
    at = report.occurred_at
    new = _new_state(report, rules.standing(activity, at, None))
    held = await repository.note_and_hold_state(session, report, new)
    if held is None:
        return None
    state = held.before or new
    log_type = rules.log_type(activity, at, held.before.standing if held.before else None)
    if state is None or log_type is None:
        return Recorded(state, changed=False, in_diary=False)
    moved = None
    after = rules.standing(activity, at, state.standing)
    if after and after != state.standing:
        moved = replace(state, standing=after, updated_at=now())
    await repository.add_log(session, report, log_type, moved=moved)
    return Recorded(moved or state, changed=True, in_diary=True)


def _new_state(report: Report, standing: Standing | None) -> State | None:
    if standing is None:
        return None
    return State(
        id=new_id(),
        user_id=report.user_id,
        media_item_id=report.media_item_id,
        standing=standing,
        opinion=Opinion(),
        updated_at=now(),
    )


async def set_state(
    session: Session, *, user_id: UUID, media_item_id: UUID, standing: Standing, opinion: Opinion
) -> State:
    """One statement."""
    state = State(
        id=new_id(),
        user_id=user_id,
        media_item_id=media_item_id,
        standing=standing,
        opinion=opinion,
        updated_at=now(),
    )
    return await repository.replace_state(session, state)


async def list_states(
    session: Reader, *, user_id: UUID, after: Mark | None, page_size: int
) -> Page:
    """One statement."""
    take = pages.page_size(page_size, usual=USUAL_STATES, largest=MOST_STATES)
    return await repository.page_of_states(session, user_id, after, take)


async def list_logs(
    session: Reader,
    *,
    user_id: UUID,
    media_item_id: UUID | None,
    log_type: LogType | None,
    page_size: int,
    offset: int,
) -> list[Log]:
    """Newest first, in one statement."""
    return await repository.logs(
        session,
        user_id=user_id,
        media_item_id=media_item_id,
        log_type=log_type,
        take=pages.page_size(page_size, usual=USUAL_LOGS, largest=MOST_LOGS),
        skip=pages.offset(offset),
    )


async def forget_person(session: Session, user_id: UUID) -> None:
    """All that a person did is deleted."""
    await repository.forget_person(session, user_id)
