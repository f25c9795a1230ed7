"""Stops asking an upstream that fails, and tries it again with one probe at a time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from common.errors import DomainError
from ingest.errors import (
    CircuitOpen,
    IncompleteItem,
    NoFreeSlot,
    UpstreamFailure,
    UpstreamThrottled,
)

FAILURES_TO_OPEN = 3
FIRST_BACKOFF_SECONDS = 15.0
LONGEST_BACKOFF_SECONDS = 300.0
LONGEST_THROTTLE_SECONDS = 86_400.0
# A caller whose own deadline ends the call sooner than our timeouts would otherwise hide a
# hanging upstream from the circuit for ever.
HANGING_SECONDS = 3.0


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class _Verdict(StrEnum):
    ANSWERED = "answered"
    FAILED = "failed"
    SAYS_NOTHING = "says nothing about the upstream"


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds that never jump, and the time of day."""

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class OperationSnapshot:
    started: int
    succeeded: int
    failed: int
    skipped: int
    last_latency_ms: float | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class CircuitSnapshot:
    """Durations in seconds; `last_error` is None again after a success."""

    source: str
    state: State
    failure_streak: int
    open_until: datetime | None
    remaining_cooldown: float
    current_backoff: float
    opened_count: int
    failure_total: int
    last_error: str | None
    operations: Mapping[str, OperationSnapshot]


@dataclass(slots=True)
class _Tally:
    started: int = 0
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    last_latency_ms: float | None = None
    last_error: str | None = None

    def snapshot(self) -> OperationSnapshot:
        return OperationSnapshot(
            self.started,
            self.succeeded,
            self.failed,
            self.skipped,
            self.last_latency_ms,
            self.last_error,
        )


class Circuit:
    """One per source. `guard` wraps a whole operation, retries and all.

    Only `UpstreamFailure` counts against the upstream: an item that does not exist, an input
    that it refuses and our own limits are no sign of its health.
    """

    def __init__(self, source: str, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._streak = 0
        self._backoff = 0.0
        self._open_until: float | None = None
        self._probing = False
        self._era = 0  # grows whenever the circuit opens or closes
        self._opened = 0
        self._last_error: str | None = None
        self._tallies: dict[str, _Tally] = {}
        self._excused: dict[asyncio.Task[object] | None, float] = {}

    @asynccontextmanager
    async def guard(self, operation: str) -> AsyncIterator[None]:
        """Count the operation and judge the upstream by it; raises CircuitOpen instead of it."""
        tally = self._tallies.setdefault(operation, _Tally())
        self._admit(tally)
        tally.started += 1
        era, begun, caller = self._era, self._clock.monotonic(), asyncio.current_task()
        verdict, error = _Verdict.SAYS_NOTHING, None
        self._excused[caller] = 0.0
        try:
            yield
            verdict = _Verdict.ANSWERED
        except asyncio.CancelledError:
            waited = self._clock.monotonic() - begun - self._excused[caller]
            if waited >= HANGING_SECONDS:
                verdict = _Verdict.FAILED
            raise
        except DomainError as raised:
            verdict, error = _judge(raised), raised
            raise
        finally:
            self._excused.pop(caller, None)
            tally.last_latency_ms = round((self._clock.monotonic() - begun) * 1000, 1)
            self._settle(tally, era, verdict, error)

    def check(self, operation: str) -> None:
        """Raises CircuitOpen when the operation would not be admitted now."""
        self._refuse(self._tallies.setdefault(operation, _Tally()))

    def excuse(self, seconds: float) -> None:
        """Say that the running operation spent `seconds` on us, not on the upstream."""
        caller = asyncio.current_task()
        if caller in self._excused:
            self._excused[caller] += seconds

    def snapshot(self) -> CircuitSnapshot:
        remaining = self._remaining()
        return CircuitSnapshot(
            source=self._source,
            state=self._state(),
            failure_streak=self._streak,
            open_until=self._clock.now() + timedelta(seconds=remaining) if remaining else None,
            remaining_cooldown=round(remaining, 3),
            current_backoff=self._backoff,
            opened_count=self._opened,
            failure_total=sum(tally.failed for tally in self._tallies.values()),
            last_error=self._last_error,
            operations={name: tally.snapshot() for name, tally in self._tallies.items()},
        )

    def _state(self) -> State:
        if self._open_until is None:
            return State.CLOSED
        return State.OPEN if self._remaining() else State.HALF_OPEN

    def _remaining(self) -> float:
        if self._open_until is None:
            return 0.0
        return max(0.0, self._open_until - self._clock.monotonic())

    def _admit(self, tally: _Tally) -> None:
        self._refuse(tally)
        self._probing = self._state() is State.HALF_OPEN

    def _refuse(self, tally: _Tally) -> None:
        state = self._state()
        if state is State.OPEN or (state is State.HALF_OPEN and self._probing):
            tally.skipped += 1
            raise CircuitOpen(self._source, retry_after=max(1.0, self._remaining()))

    def _settle(
        self, tally: _Tally, era: int, verdict: _Verdict, error: DomainError | None
    ) -> None:
        if verdict is _Verdict.ANSWERED:
            tally.succeeded += 1
            tally.last_error = None
        elif verdict is _Verdict.FAILED:
            tally.failed += 1
            tally.last_error = error.message if error else "no answer before the caller left"
        if era != self._era:
            return  # begun before the circuit last changed: old news, and never the probe
        self._probing = False
        if verdict is _Verdict.ANSWERED:
            self._close()
        elif verdict is _Verdict.FAILED:
            self._last_error = tally.last_error
            self._count_failure(error)

    def _close(self) -> None:
        if self._open_until is not None:
            self._era += 1
        self._streak, self._backoff = 0, 0.0
        self._open_until, self._last_error = None, None

    def _count_failure(self, error: DomainError | None) -> None:
        self._streak += 1
        if isinstance(error, UpstreamThrottled) and error.retry_after is not None:
            self._open(min(max(error.retry_after, 1.0), LONGEST_THROTTLE_SECONDS))
        elif self._streak >= FAILURES_TO_OPEN or self._open_until is not None:
            doubled = max(FIRST_BACKOFF_SECONDS, self._backoff * 2)
            self._backoff = min(doubled, LONGEST_BACKOFF_SECONDS)
            self._open(self._backoff)

    def _open(self, seconds: float) -> None:
        self._open_until = self._clock.monotonic() + seconds
        self._opened += 1
        self._era += 1


def _judge(error: DomainError) -> _Verdict:
    if isinstance(error, NoFreeSlot):
        return _Verdict.SAYS_NOTHING
    if isinstance(error, UpstreamFailure) and not isinstance(error, IncompleteItem):
        return _Verdict.FAILED
    return _Verdict.ANSWERED
