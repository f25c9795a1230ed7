"""Jobs: messages of the work queue, which may call others and wait for days."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

STREAM = "JOBS"

# Headers of ours. A message that a schedule fires keeps them, while it loses its Nats-Msg-Id.
MESSAGE_ID = "Tastebuds-Message-Id"
ATTEMPT = "Tastebuds-Attempt"

BACKOFF_SECONDS = (2.0, 10.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)


@dataclass(frozen=True, slots=True)
class Lane:
    """Jobs of a service that share a durable consumer, and never wait for those of other lanes.

    Its subject is `job.<service>.<name>.<message name>`, its durable `<service>-<name>`.
    """

    name: str
    concurrency: int = 8
    most_attempts: int = 8
    backoff_seconds: tuple[float, ...] = BACKOFF_SECONDS

    def pause_after(self, attempt: int) -> float:
        """Seconds before the next try."""
        return self.backoff_seconds[min(attempt, len(self.backoff_seconds)) - 1]


# Events of any stream go there when they have failed, and when an administrator replays them.
REPLAYS = Lane("replays", concurrency=4)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try of one job; `attempt` counts from 1 and survives waits, restarts and replicas."""

    lane: Lane
    message_id: UUID
    attempt: int

    @property
    def is_last(self) -> bool:
        """Whether a failure that counts will make it a dead letter."""
        return self.attempt >= self.lane.most_attempts


# Raised as they are: a failure of the job that its handler knows how to go on from.
class TryLater(Exception):
    """The job failed in a way worth waiting for; it counts, so that no wait is for ever.

    The wait is a message schedule and holds no slot. With `after` left out the lane's backoff
    decides; on the last attempt the job becomes a dead letter instead. Not `counted`: nothing was
    tried, it was only not the job's turn yet, so it comes back with the same attempt, up to as
    often as common.patience says.
    """

    def __init__(self, reason: str, after: float | None = None, *, counted: bool = True) -> None:
        super().__init__(reason)
        self.after = after
        self.counted = counted


class HandOver(Exception):
    """The job belongs to another lane of this service; it goes there with its attempt."""

    def __init__(self, lane: str) -> None:
        super().__init__(lane)
        self.lane = lane


# Effects must be harmless when repeated: a message comes at least once.
Handle = Callable[[Any, Delivery], Awaitable[None]]
# Told when the job becomes a dead letter, with the error in words.
GiveUp = Callable[[Any, Delivery, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """What is done about one kind of message."""

    handle: Handle
    give_up: GiveUp | None = None


Jobs = Mapping[type[Message], Job]


def subject(service: str, lane: str, message: type[Message]) -> str:
    return f"job.{service}.{lane}.{message.DESCRIPTOR.name}"
