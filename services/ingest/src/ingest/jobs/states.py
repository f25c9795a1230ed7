"""What the works of a job are in, and what that makes of the job."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, Self


class ItemState(StrEnum):
    QUEUED = "queued"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self not in UNFINISHED


UNFINISHED = (ItemState.QUEUED, ItemState.WAITING)
RETRIABLE = (ItemState.FAILED, ItemState.WAITING)


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Counts(NamedTuple):
    """How many works are in each state."""

    queued: int = 0
    waiting: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0

    @classmethod
    def of(cls, states: Iterable[str]) -> Self:
        return cls(**Counter(str(state) for state in states))

    @property
    def total(self) -> int:
        return sum(self)

    @property
    def left(self) -> int:
        return self.queued + self.waiting

    @property
    def state(self) -> JobState:
        return self._state_at_the_end() if self.left == 0 else self._state_on_the_way()

    def moved(self, number: int, before: str, after: str) -> Self:
        """After `number` works went from one state to another."""
        less = self._replace(**{before: getattr(self, before) - number})
        return less._replace(**{after: getattr(less, after) + number})

    def _state_at_the_end(self) -> JobState:
        if self.cancelled:
            return JobState.CANCELLED
        if self.failed == 0:
            return JobState.SUCCEEDED
        return JobState.FAILED if self.done == 0 else JobState.PARTIAL

    def _state_on_the_way(self) -> JobState:
        if self.queued == 0:
            return JobState.WAITING
        return JobState.QUEUED if self.queued == self.total else JobState.RUNNING
