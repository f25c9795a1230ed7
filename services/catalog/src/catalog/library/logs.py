"""Entries of a person's diary."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from catalog.media.items import Item
from common.pages import Mark


class LogType(StrEnum):
    STARTED = "started"
    PROGRESS = "progress"
    FINISHED = "finished"
    NOTE = "note"
    GOAL = "goal"


class Saying(NamedTuple):
    """As much of an entry as a state follows from."""

    log_type: LogType
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a person writes."""

    log_type: LogType
    notes: str | None = None
    minutes_spent: int | None = None
    progress_percent: int | None = None
    goal_target: str | None = None
    goal_due_on: date | None = None
    logged_at: datetime

    @property
    def saying(self) -> Saying:
        return Saying(self.log_type, self.logged_at)


@dataclass(frozen=True, slots=True)
class Edit:
    """The members named are as in `entry` from now on."""

    entry: Entry
    changed: frozenset[str]

    def of(self, before: Entry) -> Entry:
        return replace(before, **{name: getattr(self.entry, name) for name in self.changed})


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """With its work where it is shown on its own."""

    id: UUID
    user_id: UUID
    media_item_id: UUID
    item: Item | None
    entry: Entry
    # When its type was written: what the person sets later stands against it.
    said_at: datetime
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class LogFilter:
    """None lets everything through."""

    media_item_id: UUID | None
    log_type: LogType | None


@dataclass(frozen=True, slots=True)
class Slice:
    """How many to take, and from where: after a mark, or past so many."""

    take: int
    after: Mark | None
    skip: int


@dataclass(frozen=True, slots=True)
class LogPage:
    """Newest first; `after` is where the next page begins, None on the last."""

    logs: list[Log]
    after: Mark | None
