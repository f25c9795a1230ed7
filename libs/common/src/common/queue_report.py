"""How a service's messages are doing, in the shape of tastebuds.ops.v1.GetQueuesResponse."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.presence import Replica

# The result of a sweep that found no trouble.
OK = "ok"


@dataclass(frozen=True, slots=True)
class OutboxReport:
    waiting: int
    oldest_age_seconds: float


@dataclass(frozen=True, slots=True)
class ConsumerReport:
    """A durable consumer, all replicas together.

    `pending` is not yet delivered, `in_flight` delivered and not yet acknowledged; the age is of
    the oldest message not yet done, 0 when there is none.
    """

    stream: str
    name: str
    subjects: Sequence[str]
    pending: int
    in_flight: int
    redelivered: int
    oldest_age_seconds: float
    done_last_minute: int
    done_last_hour: int
    failed_last_minute: int
    failed_last_hour: int
    last_error: str
    last_error_at: datetime | None
    paused_until: datetime | None


@dataclass(frozen=True, slots=True)
class ScheduleReport:
    """A sweep: when it is due, and how its last run went."""

    name: str
    cron: str
    time_zone: str
    description: str
    next_run_at: datetime
    last_started_at: datetime | None = None
    last_finished_at: datetime | None = None
    last_result: str = ""
    last_count: int = 0

    @property
    def has_failed(self) -> bool:
        return self.last_result not in ("", OK)


@dataclass(frozen=True, slots=True)
class QueueReport:
    """`jobs_waiting` wait for their next try, which no consumer counts.

    `warnings` say in words what could not be found out, or should not be.
    """

    service: str
    outbox: OutboxReport | None = None
    consumers: Sequence[ConsumerReport] = ()
    schedules: Sequence[ScheduleReport] = ()
    dead_letters: int = 0
    jobs_waiting: int = 0
    replicas: Sequence[Replica] = ()
    warnings: Sequence[str] = ()
