"""What follows from an activity, and from the entries of a diary. Senders try again and queues
overtake, so that, but for an undoing, a person stands the same in whatever order they come."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from catalog.library.activities import Activity
from catalog.library.logs import LogType, Saying
from catalog.library.states import Standing, Status

_LOG_TYPES = {
    Activity.ACQUIRED: LogType.NOTE,
    Activity.STARTED: LogType.STARTED,
    Activity.PROGRESSED: LogType.PROGRESS,
    Activity.FINISHED: LogType.FINISHED,
    Activity.UNDONE: LogType.NOTE,
    Activity.NOTED: LogType.NOTE,
}
_ACTIVITIES = {
    LogType.GOAL: Activity.ACQUIRED,
    LogType.STARTED: Activity.STARTED,
    LogType.PROGRESS: Activity.PROGRESSED,
    LogType.FINISHED: Activity.FINISHED,
    LogType.NOTE: Activity.NOTED,
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


def is_told_by_its_entry(activity: Activity) -> bool:
    """Whether its entry of the diary alone leads to where the activity does."""
    return _ACTIVITIES[_LOG_TYPES[activity]] is activity


def follow(sayings: Iterable[Saying], before: Standing | None) -> Standing | None:
    """Where the entries lead whoever stood there before, in whatever order."""
    for log_type, at in sayings:
        before = standing(_ACTIVITIES[log_type], at, before)
    return before


def follow_edit(
    others: Iterable[Saying],
    *,
    was: Saying | None,
    becomes: Saying | None,
    basis: Standing | None,
    present: Standing,
) -> Standing | None:
    """Where the entries lead from the basis once one of them is another, or gone.

    Who stands elsewhere than they led before stays there, but for what the entry newly says.
    """
    rest = list(others)
    if follow([*rest, *_present(was)], basis) == present:
        return follow([*rest, *_present(becomes)], basis)
    if becomes and (was is None or was.log_type is not becomes.log_type):
        return follow([becomes], present)
    return present


def _present(saying: Saying | None) -> list[Saying]:
    return [] if saying is None else [saying]


def _is_taken_back(at: datetime, before: Standing | None) -> bool:
    """Only what was consumed until then: what was finished later stands."""
    if before is None or before.status is not Status.CONSUMED:
        return False
    return before.finished_at is None or before.finished_at <= at
