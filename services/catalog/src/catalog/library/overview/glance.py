"""What a library holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.library.logs import Log
from catalog.library.states import State, Status
from catalog.media.items import Item, MediaType
from common.pages import Mark

# What one may go on with, or begin.
NEXT_UP = (Status.CURRENTLY_CONSUMING, Status.WANT_TO_CONSUME, Status.PAUSED)
MOST_NEXT_UP = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Whatever is empty or None lets everything through."""

    statuses: tuple[Status, ...] = ()
    media_types: tuple[MediaType, ...] = ()
    favorite: bool | None = None
    # The name of the person's own or of a shared one.
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """All works with a state or an entry of the diary, and those with each status."""

    total: int
    by_status: Mapping[Status, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryItem:
    """The log without its work."""

    item: Item
    state: State | None
    last_log: Log | None
    log_count: int
    last_activity_at: datetime


@dataclass(frozen=True, slots=True)
class Glance:
    """Last touched first; `after` is where the next page begins, None on the last."""

    items: list[LibraryItem]
    next_up: list[LibraryItem]
    after: Mark | None
