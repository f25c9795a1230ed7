"""Stops asking an upstream that fails, and tries it again with one probe at a time."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from common.db import Database
from common.errors import DomainError
from ingest.clock import Clock
from ingest.errors import CircuitOpen
from ingest.limits import repository
from ingest.limits.health import Admission, Failure, Health, State
from ingest.limits.rules import HANGING_SECONDS, Verdict, judge, pause_asked_for
from ingest.limits.tallies import Tally

# A caller that has left does not wait longer for what is said of the upstream.
SETTLING_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class CircuitSnapshot:
    """Durations in seconds; `is_throttled` if the source asked for a pause; `last_error` is None
    again after a success.

    `operations` and `failure_total` are of this process, the rest of all replicas.
    """

    source: str
    state: State
    failure_streak: int
    open_until: datetime | None
    remaining_cooldown: float
    current_backoff: float
    opened_count: int
    is_throttled: bool
    failure_total: int
    last_error: str | None
    operations: Mapping[str, Tally]


@dataclass(slots=True)
class _Operation:
    """One that runs: how long, and how much of that was not the upstream's doing."""

    name: str
    begun: float
    excused: float = 0.0


class Circuit:
    """One per source; those of all replicas share its state, in Postgres.

    `guard` wraps a whole operation, retries and all.
    """

    def __init__(self, source: str, database: Database, clock: Clock) -> None:
        self.source = source
        self._database = database
        self._clock = clock
        self._tallies: dict[str, Tally] = {}
        self._running: dict[asyncio.Task[object] | None, _Operation] = {}

    @asynccontextmanager
    async def guard(self, operation: str) -> AsyncIterator[None]:
        """Count the operation and judge the upstream by it; raises CircuitOpen instead of it."""
        tally = self._tallies.setdefault(operation, Tally())
        admission = await self._admit(tally)
        tally.started += 1
        running = _Operation(operation, self._clock.monotonic())
        caller, verdict, error = asyncio.current_task(), Verdict.SAYS_NOTHING, None
        settling = None  # the database's own limits do
        self._running[caller] = running
        try:
            yield
            verdict = Verdict.ANSWERED
        except asyncio.CancelledError:
            settling = SETTLING_SECONDS
            if self._clock.monotonic() - running.begun - running.excused >= HANGING_SECONDS:
                verdict = Verdict.FAILED
            raise
        except DomainError as raised:
            verdict, error = judge(raised), raised
            raise
        finally:
            self._running.pop(caller, None)
            tally.last_latency_ms = round((self._clock.monotonic() - running.begun) * 1000, 1)
            _count(tally, verdict, error)
            async with asyncio.timeout(settling):
                await self._settle(admission, verdict, _failure(admission, tally, error))

    async def check(self, operation: str) -> None:
        """Raises CircuitOpen when the operation would not be admitted now."""
        health = await self._health()
        if not health.admits:
            self._tallies.setdefault(operation, Tally()).skipped += 1
            raise CircuitOpen(self.source, retry_after=max(1.0, health.remaining))

    async def cooldown(self) -> float:
        """Seconds until the source is asked again; 0 unless the circuit is open."""
        return (await self._health()).remaining

    def running(self) -> str | None:
        """The operation that the current task is in."""
        operation = self._running.get(asyncio.current_task())
        return operation.name if operation else None

    def excuse(self, seconds: float) -> None:
        """Say that the running operation spent `seconds` on us, not on the upstream."""
        operation = self._running.get(asyncio.current_task())
        if operation is not None:
            operation.excused += seconds

    def snapshot(self, health: Health) -> CircuitSnapshot:
        return CircuitSnapshot(
            source=self.source,
            state=health.state,
            failure_streak=health.failure_streak,
            open_until=health.open_until if health.remaining else None,
            remaining_cooldown=round(health.remaining, 3),
            current_backoff=health.backoff,
            opened_count=health.opened_count,
            is_throttled=health.is_throttled,
            failure_total=sum(tally.failed for tally in self._tallies.values()),
            last_error=health.last_error or None,
            operations={name: replace(tally) for name, tally in self._tallies.items()},
        )

    async def _health(self) -> Health:
        async with self._database.readers() as session:
            known = await repository.read_health(session, [self.source])
        return known.get(self.source, Health())

    async def _admit(self, tally: Tally) -> Admission:
        async with self._database.readers() as session:
            admission = await repository.admit(session, self.source)
            if admission is None:
                await repository.add(session, self.source)
                admission = Admission(era=0, is_probe=False, admitted=True, remaining=0)
        if not admission.admitted:
            tally.skipped += 1
            raise CircuitOpen(self.source, retry_after=max(1.0, admission.remaining))
        return admission

    async def _settle(self, admission: Admission, verdict: Verdict, failure: Failure) -> None:
        """What began before the circuit last changed is old news, and changes nothing."""
        if verdict is Verdict.SAYS_NOTHING and not admission.is_probe:
            return
        async with self._database.readers() as session:  # one statement, its own transaction
            if verdict is Verdict.ANSWERED:
                await repository.note_answer(session, self.source, admission.era)
            elif verdict is Verdict.FAILED:
                await repository.note_failure(session, self.source, failure)
            else:
                await repository.end_probe(session, self.source, admission.era)


async def snapshots(
    database: Database, circuits: Iterable[Circuit]
) -> Mapping[str, CircuitSnapshot]:
    """Of all of them, by their sources, in one statement."""
    by_source = {circuit.source: circuit for circuit in circuits}
    async with database.readers() as session:
        known = await repository.read_health(session, list(by_source))
    return {
        source: circuit.snapshot(known.get(source, Health()))
        for source, circuit in by_source.items()
    }


def _count(tally: Tally, verdict: Verdict, error: DomainError | None) -> None:
    if verdict is Verdict.ANSWERED:
        tally.succeeded += 1
        tally.last_error = None
    elif verdict is Verdict.FAILED:
        tally.failed += 1
        tally.last_error = error.message if error else "no answer before the caller left"


def _failure(admission: Admission, tally: Tally, error: DomainError | None) -> Failure:
    return Failure(admission.era, tally.last_error or "", pause_asked_for(error))
