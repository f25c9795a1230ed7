"""What a consumer did lately, as counted by this process."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from prometheus_client import Counter

BUCKET_SECONDS = 10
HOUR_BUCKETS = 3600 // BUCKET_SECONDS
MINUTE_BUCKETS = 60 // BUCKET_SECONDS

consumed_total = Counter("consumer_messages", "Messages consumed.", ["stream", "durable", "result"])


@dataclass
class Tally:
    """A count that knows when: exact in `total`, to ten seconds in the rest."""

    total: int = 0
    _buckets: dict[int, int] = field(default_factory=dict)

    def add(self) -> None:
        bucket = _bucket_now()
        if bucket not in self._buckets:
            old = [each for each in self._buckets if each <= bucket - HOUR_BUCKETS]
            for each in old:
                del self._buckets[each]
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self.total += 1

    def last_minute(self) -> int:
        return self._since(MINUTE_BUCKETS)

    def last_hour(self) -> int:
        return self._since(HOUR_BUCKETS)

    def _since(self, buckets: int) -> int:
        first = _bucket_now() - buckets
        return sum(count for bucket, count in self._buckets.items() if bucket > first)


def _bucket_now() -> int:
    return int(time.monotonic()) // BUCKET_SECONDS


@dataclass
class ConsumerState:
    """What the operator wants to know of one consumer of this process.

    `failed` counts tries, so that a message may fail more than once; an outage is no failure.
    """

    service: str
    stream: str
    durable: str
    subjects: list[str]
    done: Tally = field(default_factory=Tally)
    failed: Tally = field(default_factory=Tally)
    dead: Tally = field(default_factory=Tally)
    last_error: str = ""
    last_error_at: datetime | None = None

    def takes(self, subject: str) -> bool:
        """Of its own stream."""
        return any(
            subject == each or (each.endswith(">") and subject.startswith(each[:-1]))
            for each in self.subjects
        )

    def count_done(self) -> None:
        self._count(self.done, "done")

    def count_failed(self) -> None:
        self._count(self.failed, "failed")

    def count_dead(self) -> None:
        self._count(self.dead, "dead")

    def note(self, error: str) -> None:
        self.last_error = error
        self.last_error_at = datetime.now(UTC)

    def _count(self, tally: Tally, result: str) -> None:
        tally.add()
        consumed_total.labels(self.stream, self.durable, result).inc()
