"""What a person wants to see of the inbox, and says about what stands there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID


class OwnEvent(NamedTuple):
    """An event as its owner names it."""

    webhook_event_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page of somebody's events; empty filters let all through."""

    user_id: UUID
    states: Sequence[str]
    senders: Sequence[str]
    integration_id: UUID | None
    before: UUID | None
    page_size: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Which work was meant: one of the catalogue, or what a source knows by this id."""

    media_item_id: UUID | None = None
    source: str = ""
    external_id: str = ""

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}" if self.external_id else str(self.media_item_id)
