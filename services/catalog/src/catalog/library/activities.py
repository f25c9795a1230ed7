"""What a sender saw a person do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from uuid import UUID


class Activity(StrEnum):
    ACQUIRED = auto()
    STARTED = auto()
    PROGRESSED = auto()
    FINISHED = auto()
    UNDONE = auto()
    NOTED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Without an activity it is only about the tags, which are names of the person's own."""

    user_id: UUID
    media_item_id: UUID
    activity: Activity | None
    occurred_at: datetime
    notes: str | None
    tags: tuple[str, ...]
    # The sender's own, for ever.
    key: str
