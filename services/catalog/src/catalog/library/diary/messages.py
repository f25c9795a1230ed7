"""Entries of a diary on the wire."""

from collections.abc import Iterable
from datetime import date

from catalog.library.errors import InvalidLibraryEntry
from catalog.library.logs import Edit, Entry, Log, LogFilter, LogType
from catalog.library.messages import to_text
from catalog.media.messages import from_item
from catalog.models import LONGEST_GOAL, LONGEST_LOG_NOTES
from common.db import now
from common.idempotency import MAX_KEY_LENGTH, Once
from common.requests import current_caller, parse_id, parse_time
from common.timestamps import timestamp
from tastebuds.catalog.v1 import library_pb2
from tastebuds.catalog.v1 import library_service_pb2 as pb

HIGHEST_PERCENT = 100
MEMBERS = frozenset(
    {
        "log_type",
        "notes",
        "minutes_spent",
        "progress_percent",
        "goal_target",
        "goal_due_on",
        "logged_at",
    }
)

_LOG_TYPES = {
    library_pb2.LOG_TYPE_STARTED: LogType.STARTED,
    library_pb2.LOG_TYPE_PROGRESS: LogType.PROGRESS,
    library_pb2.LOG_TYPE_FINISHED: LogType.FINISHED,
    library_pb2.LOG_TYPE_NOTE: LogType.NOTE,
    library_pb2.LOG_TYPE_GOAL: LogType.GOAL,
}
_WIRE_LOG_TYPES = {log_type: wire for wire, log_type in _LOG_TYPES.items()}


def to_entry(message: pb.LogEntry) -> Entry:
    return Entry(
        log_type=_to_log_type(message.log_type),
        notes=to_text("notes", message.notes, LONGEST_LOG_NOTES),
        minutes_spent=_to_minutes(message),
        progress_percent=_to_percent(message),
        goal_target=to_text("goal_target", message.goal_target, LONGEST_GOAL),
        goal_due_on=_to_day(message),
        logged_at=parse_time(message, "logged_at") or now(),
    )


def to_edit(message: pb.LogEntry, changed: Iterable[str]) -> Edit:
    """What is not named is not looked at."""
    names = frozenset(changed)
    if unknown := names - MEMBERS:
        rule = f"must name members of an entry, which {min(unknown)[:64]!r} is not"
        raise InvalidLibraryEntry("changed", rule)
    named = pb.LogEntry()
    named.CopyFrom(message)
    for name in MEMBERS - names:
        named.ClearField(name)  # type: ignore[arg-type]
    if "log_type" not in names:
        named.log_type = library_pb2.LOG_TYPE_NOTE
    if "logged_at" in names and not named.HasField("logged_at"):
        raise InvalidLibraryEntry("logged_at", "must be a point in time")
    return Edit(to_entry(named), names)


def to_filter(request: pb.ListLogsRequest) -> LogFilter:
    asked = request.log_type != library_pb2.LOG_TYPE_UNSPECIFIED
    return LogFilter(
        parse_id("media_item_id", request.media_item_id) if request.media_item_id else None,
        _to_log_type(request.log_type) if asked else None,
    )


def once(request: pb.CreateLogRequest) -> Once:
    key = to_text("idempotency_key", request.idempotency_key, MAX_KEY_LENGTH)
    return Once(current_caller().user_id, key or "", request)


def from_log(log: Log) -> library_pb2.UserLog:
    entry = log.entry
    return library_pb2.UserLog(
        id=str(log.id),
        user_id=str(log.user_id),
        media_item_id=str(log.media_item_id),
        log_type=_WIRE_LOG_TYPES[entry.log_type],
        notes=entry.notes,
        minutes_spent=entry.minutes_spent,
        progress_percent=entry.progress_percent,
        goal_target=entry.goal_target,
        goal_due_on=entry.goal_due_on.isoformat() if entry.goal_due_on else None,
        logged_at=timestamp(entry.logged_at),
        created_at=timestamp(log.created_at),
        updated_at=timestamp(log.updated_at),
        media_item=from_item(log.item) if log.item else None,
    )


def _to_log_type(value: library_pb2.LogType.ValueType) -> LogType:
    log_type = _LOG_TYPES.get(value)
    if log_type is None:
        raise InvalidLibraryEntry("log_type", f"must be one of {', '.join(LogType)}")
    return log_type


def _to_minutes(message: pb.LogEntry) -> int | None:
    if not message.HasField("minutes_spent"):
        return None
    if message.minutes_spent < 0:
        raise InvalidLibraryEntry("minutes_spent", "must be 0 or more")
    return message.minutes_spent


def _to_percent(message: pb.LogEntry) -> int | None:
    if not message.HasField("progress_percent"):
        return None
    if not 0 <= message.progress_percent <= HIGHEST_PERCENT:
        raise InvalidLibraryEntry("progress_percent", f"must be between 0 and {HIGHEST_PERCENT}")
    return message.progress_percent


def _to_day(message: pb.LogEntry) -> date | None:
    if not message.goal_due_on:
        return None
    try:
        return date.fromisoformat(message.goal_due_on)
    except ValueError:
        rule = "must be a date such as 2026-12-31"
        raise InvalidLibraryEntry("goal_due_on", rule) from None
