"""How a source is, as all replicas know it."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Health(NamedTuple):
    """`remaining` seconds until it may be tried again; `probed` while somebody does; `is_throttled`
    when it has asked to be left alone."""

    failure_streak: int = 0
    open_until: datetime | None = None
    remaining: float = 0.0
    probed: bool = False
    backoff: float = 0.0
    opened_count: int = 0
    is_throttled: bool = False
    last_error: str = ""

    @property
    def state(self) -> State:
        if self.open_until is None:
            return State.CLOSED
        return State.OPEN if self.remaining else State.HALF_OPEN

    @property
    def admits(self) -> bool:
        return self.state is State.CLOSED or (self.state is State.HALF_OPEN and not self.probed)


class Admission(NamedTuple):
    """Whether an operation may begin; one that may is judged in this `era`."""

    era: int
    is_probe: bool
    admitted: bool
    remaining: float


class Failure(NamedTuple):
    """`pause` in seconds, where the upstream asked for one."""

    era: int
    words: str
    pause: float | None
