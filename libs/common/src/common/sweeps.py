"""Sweeps: what is due again and again, done once however many replicas there are."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog
from croniter import croniter
from nats.js import JetStreamContext
from nats.js.api import Header

from common import jobs, sweep_runs
from common.db import ERRORS, Database, Session, new_id
from common.jobs import Delivery, Job, Jobs, Lane
from common.queue_report import OK
from common.sweep_runs import SweepRunRow
from tastebuds.ops.v1.sweep_pb2 import SweepDue

log = structlog.get_logger()

LANE = Lane("sweeps", concurrency=1, most_attempts=5, backoff_seconds=(10.0, 60.0, 300.0))
# What one run may begin before others of the lane have their turn; the rest is a job of its own.
MOST_BATCHES = 20
RUN_SECONDS = 10.0
# It rests three times as long as it worked, so that people who ask meanwhile hardly notice; but
# only until so long after that, since common.failures.HANDLER_SECONDS are all that a job may take.
REST = 3.0
REST_AFTER_SECONDS = 5.0
# Replicas that start within the same such time sweep once.
START_SECONDS = 600
ERROR_LENGTH = 300


class Portion(NamedTuple):
    """What a batch dealt with, when it had to look at more than that."""

    dealt_with: int
    has_more: bool

    @classmethod
    def of(cls, done: "int | Portion", limit: int) -> "Portion":
        """Of what a batch says that might have dealt with `limit`."""
        return done if isinstance(done, Portion) else cls(done, done >= limit)


# Deals with at most so many, not with what someone else has locked; says how many they were, so
# that fewer than it might have mean that nothing is left.
Batch = Callable[[Session, int], Awaitable[int | Portion]]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Does everything that is due by then, so that a tick that was missed does no harm.

    `cron` has six fields, seconds first; `time_zone` is an IANA name; `batch` is what `run` may
    deal with in one transaction.
    """

    name: str
    cron: str
    description: str
    run: Batch
    time_zone: str = "UTC"
    batch: int = 1000

    def next_after(self, moment: datetime) -> datetime:
        local = moment.astimezone(ZoneInfo(self.time_zone))
        times = croniter(self.cron, local, second_at_beginning=True)
        following: datetime = times.get_next(datetime)
        return following.astimezone(UTC)


class Sweeps:
    """The sweeps of one service as jobs of their lane; common.sweep_schedules sends the ticks."""

    def __init__(
        self,
        service: str,
        sweeps: Sequence[Sweep],
        database: Database,
        jetstream: JetStreamContext,
        runs: type[SweepRunRow],
    ) -> None:
        self.service = service
        self.by_name = {sweep.name: sweep for sweep in sweeps}
        self.runs = runs
        self._database = database
        self._jetstream = jetstream

    @property
    def jobs(self) -> Jobs:
        return {SweepDue: Job(self._run)}

    async def run_at_start(self) -> None:
        """What fell due while no process lived is done now."""
        for name in self.by_name:
            await self.run_soon(name, f"start.{self.service}.{name}.{time.time() // START_SECONDS}")

    async def run_soon(self, name: str, occasion: str) -> None:
        """Send a tick beside the schedule's; only one for each `occasion`."""
        headers = {Header.MSG_ID.value: occasion, jobs.MESSAGE_ID: str(new_id())}
        subject = jobs.subject(self.service, LANE.name, SweepDue)
        tick = SweepDue(name=name).SerializeToString()
        await self._jetstream.publish(subject, tick, headers=headers)

    async def _run(self, due: SweepDue, delivery: Delivery) -> None:
        sweep = self.by_name.get(due.name)
        if sweep is None:
            return  # it was removed, or is of another version of this service
        async with self._database.sessions.begin() as session:
            await sweep_runs.note_start(session, self.runs, sweep.name)
        try:
            dealt_with, has_more = await self._run_batches(sweep)
        except BaseException as error:
            with suppress(*ERRORS):  # it is the first error that says what is wrong
                await self._note_end(sweep, f"{type(error).__name__}: {error}"[:ERROR_LENGTH], 0)
            raise
        await self._note_end(sweep, OK, dealt_with)
        if has_more:
            await self.run_soon(sweep.name, f"more.{delivery.message_id}")

    async def _run_batches(self, sweep: Sweep) -> tuple[int, bool]:
        """How many it dealt with, and whether there may be more."""
        dealt_with, until = 0, time.monotonic() + RUN_SECONDS
        for _ in range(MOST_BATCHES):
            began = time.monotonic()
            async with self._database.sessions.begin() as session:
                done = Portion.of(await sweep.run(session, sweep.batch), sweep.batch)
            dealt_with += done.dealt_with
            if not done.has_more:
                return dealt_with, False
            ended = time.monotonic()
            left = until + REST_AFTER_SECONDS - ended
            await asyncio.sleep(min(REST * (ended - began), left))
            if time.monotonic() > until:
                break
        return dealt_with, True

    async def _note_end(self, sweep: Sweep, result: str, dealt_with: int) -> None:
        async with self._database.sessions.begin() as session:
            await sweep_runs.note_end(
                session, self.runs, sweep.name, result=result, dealt_with=dealt_with
            )
        log.info("swept", sweep=sweep.name, result=result, dealt_with=dealt_with)
