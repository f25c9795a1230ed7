"""Entries of a person's diary."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from catalog.media.items import Item


class LogType(StrEnum):
    STARTED = "started"
    PROGRESS = "progress"
    FINISHED = "finished"
    NOTE = "note"
    GOAL = "goal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """With its work, as lists show it."""

    id: UUID
    user_id: UUID
    item: Item
    log_type: LogType
    notes: str | None
    minutes_spent: int | None
    progress_percent: int | None
    goal_target: str | None
    goal_due_on: date | None
    logged_at: datetime
    created_at: datetime
    updated_at: datetime
