"""A webhook event as it waits for its decision, and what is decided about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ingest.integrations.effects import Effects
from ingest.webhooks.happenings import Happening
from ingest.webhooks.states import EventState

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """With what its integration says. `source` and the two ids are there once a person chose."""

    id: UUID
    integration_id: UUID
    user_id: UUID
    sender: str
    part_of: UUID | None
    received_at: datetime
    content_type: str
    body: bytes | None
    state: EventState
    source: str
    external_id: str
    media_item_id: UUID | None
    effects: Effects
    accounts: tuple[str, ...]
    # Whether its integration has sent anything before.
    is_connected: bool

    @property
    def is_chosen(self) -> bool:
        return self.media_item_id is not None or bool(self.external_id)


@dataclass(frozen=True, slots=True)
class Match:
    """A work of the catalogue, and in words how it was found."""

    media_item_id: UUID
    words: str
    source: str = ""
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    source: str
    external_id: str
    title: str
    year: int | None


@dataclass(frozen=True, slots=True)
class NoMatch:
    """`may_change` tells whether looking again later can find more."""

    reason: str
    may_change: bool
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`words` give the reason. `again_after` seconds there is another try.

    Not `is_counted`: nothing was asked of the source, for it was not this event's turn.
    """

    state: EventState
    words: str
    again_after: float | None = None
    is_counted: bool = True
    match: Match | None = None
    duplicate_of: UUID | None = None
    # In words, what was done.
    effects: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    # What the owner of the integration should know: effects that failed for good.
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a body from now on; `remark` is for the history."""

    body: bytes | None
    content_type: str
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """The end of a try: all that is written down about it."""

    decision: Decision
    at: datetime
    kept: Kept
    happening: Happening | None = None

    @property
    def again_at(self) -> datetime | None:
        again_after = self.decision.again_after
        return None if again_after is None else self.at + timedelta(seconds=again_after)
