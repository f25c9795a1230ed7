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
}
# Whoever starts such a work once more has still consumed it, or given it up.
_SETTLED = (Status.CONSUMED, Status.DROPPED)


def log_type(activity: Activity, before: Standing | None) -> LogType | None:
    """The entry of the diary that it makes; None when it makes none."""
    if activity is Activity.ACQUIRED and before is not None:
        return None
    return _LOG_TYPES[activity]


def standing(activity: Activity, at: datetime, before: Standing | None) -> Standing:
    """Where the person stands afterwards."""
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
        case Activity.UNDONE:
            known = before or Standing(Status.WANT_TO_CONSUME)
            return replace(known, status=Status.WANT_TO_CONSUME, finished_at=None)
