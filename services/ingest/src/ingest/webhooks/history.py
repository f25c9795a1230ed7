"""What was tried with an event and done about it, as its row remembers it."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Self

from ingest.webhooks.states import EventState

# Attempts, of which the latest stay.
LONGEST = 20


class Attempt(NamedTuple):
    """Also what a person did about the event, or a sweep."""

    at: datetime
    state: EventState
    decision: str

    def to_json(self) -> dict[str, str]:
        return {"at": self.at.isoformat(), "state": self.state, "decision": self.decision}

    @classmethod
    def from_json(cls, document: Mapping[str, str]) -> Self:
        at, state = datetime.fromisoformat(document["at"]), EventState(document["state"])
        return cls(at, state, document["decision"])
