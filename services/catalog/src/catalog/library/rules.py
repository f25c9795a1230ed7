"""What follows from an activity. Senders try again and queues overtake, so that, but for an
undoing, a person stands the same in whatever order activities arrive."""

from dataclasses import replace
from datetime import datetime

from catalog.library.activities import Activity
from catalog.library.logs import LogType
from catalog.library.states import Standing, Status

_LOG_TYPES = {
    Activity.ACQUIRED: LogType.NOTE,
    Activity.STARTED: LogType.STARTED,
    Activity.PROGRESSED: LogType.PROGRESS,
    Activity.FINISHED: LogType.FINISHED,
    Activity.UNDONE: LogType.NOTE,
    Activity.NOTED: LogType.NOTE,
}
# Whoever starts such a work once more has still consumed it, or given it up.
_SETTLED = (Status.CONSUMED, Status.DROPPED)


def log_type(activity: Activity, at: datetime, before: Standing | None) -> LogType | None:
    """The entry of the diary that it makes; None when it makes none."""
    match activity:
        case Activity.ACQUIRED:
            is_news = before is None
        case Activity.UNDONE:
            is_news = _is_taken_back(at, before)
        case Activity.NOTED:
            is_news = before is not None
        case _:
            is_news = True
    return _LOG_TYPES[activity] if is_news else None


def standing(activity: Activity, at: datetime, before: Standing | None) -> Standing | None:
    """Where the person stands afterwards; None for not at all, as before."""
    match activity:
        case Activity.ACQUIRED:
            return before or Standing(Status.WANT_TO_CONSUME)
        case Activity.STARTED | Activity.PROGRESSED:
            known = before or Standing(Status.CURRENTLY_CONSUMING)
            return replace(
                known,
                status=known.status if known.status in _SETTLED else Status.CURRENTLY_CONSUMING,
                started_at=min(at, known.started_at or at),
            )
        case Activity.FINISHED:
            known = before or Standing(Status.CONSUMED)
            return Standing(
                Status.CONSUMED,
                started_at=min(at, known.started_at or at),
                finished_at=max(at, known.finished_at or at),
            )
        case Activity.UNDONE if before is not None and _is_taken_back(at, before):
            return replace(before, status=Status.WANT_TO_CONSUME, finished_at=None)
        case Activity.UNDONE | Activity.NOTED:
            return before


def _is_taken_back(at: datetime, before: Standing | None) -> bool:
    """Only what was consumed until then: what was finished later stands."""
    if before is None or before.status is not Status.CONSUMED:
        return False
    return before.finished_at is None or before.finished_at <= at
