"""What people change in their libraries, and can take back."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from catalog.library.states import State

MOST_KEPT = 50
KEPT = timedelta(days=30)


class What(StrEnum):
    """With a state, and with an entry of the diary."""

    SET = "set"
    CLEARED = "cleared"
    WRITTEN = "written"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Rows:
    """A row before and after, as the text of JSON; both None when none was touched."""

    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    media_item_id: UUID
    title: str
    what: What
    state: Rows
    log: Rows


@dataclass(frozen=True, slots=True)
class Undone:
    """In words what was taken back, of which work, and the state as it is now."""

    words: str
    media_item_id: UUID
    state: State | None
