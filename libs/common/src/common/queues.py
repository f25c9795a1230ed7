"""Find out how a service's messages are doing: asked of Postgres, NATS and all replicas at once."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from nats.aio.client import Client
from nats.errors import Error as NatsError

from common import presence, sweep_runs, work_queue
from common.consumer_queues import look_at
from common.db import ERRORS, Database, now
from common.mending import DeadLetters
from common.outbox import depth
from common.queue_report import OutboxReport, QueueReport, ScheduleReport
from common.sweeps import Sweep
from common.tables import Tables
from common.tallies import ConsumerState

# For each question; what is not answered by then is a warning.
PATIENCE_SECONDS = 2.0

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Queues:
    """`consumers` are those of this process, which every replica has alike."""

    service: str
    database: Database
    tables: Tables
    nats: Client
    consumers: Sequence[ConsumerState]
    sweeps: Sequence[Sweep]

    async def report(self) -> QueueReport:
        jetstream = self.nats.jetstream()
        letters = DeadLetters(jetstream, self.service)
        warnings: dict[str, None] = {}  # in order, and each only once

        async def ask(whom: str, question: Awaitable[Found], otherwise: Found) -> Found:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    return await question
            except (NatsError, *ERRORS) as error:
                warnings[f"{whom}: {str(error)[:300] or type(error).__name__}"] = None
                return otherwise

        outbox, runs, answers, dead, waiting, lost, *found = await asyncio.gather(
            ask("Postgres", self._outbox(), None),
            ask("Postgres", self._runs(), {}),
            ask("NATS", presence.gather(self.nats, self.service), []),
            ask("NATS", letters.count(), 0),
            ask("NATS", work_queue.count_waiting(self.nats, self.service), 0),
            ask("NATS", work_queue.stranded(jetstream, self.service, self.consumers), {}),
            *(ask(f"NATS, {each.durable} of {each.stream}", look_at(jetstream, each), None)
              for each in self.consumers),
        )  # fmt: skip
        for subject, count in lost.items():
            warnings[f"Nobody takes what waits on {subject}: {count}"] = None
        return QueueReport(
            service=self.service,
            outbox=outbox,
            consumers=[each.report(answers) for each in found if each],
            schedules=[_schedule(sweep, runs.get(sweep.name)) for sweep in self.sweeps],
            dead_letters=dead,
            jobs_waiting=waiting,
            replicas=[answer.replica for answer in answers],
            warnings=list(warnings),
        )

    async def _outbox(self) -> OutboxReport | None:
        return OutboxReport(*await depth(self.database, self.tables.outbox))

    async def _runs(self) -> Mapping[str, Any]:
        async with self.database.readers() as reader:
            return await sweep_runs.latest(reader, self.tables.sweep_runs)


def _schedule(sweep: Sweep, run: Any) -> ScheduleReport:
    known = (run.started_at, run.finished_at, run.result, run.dealt_with) if run else ()
    due = sweep.next_after(now())
    return ScheduleReport(sweep.name, sweep.cron, sweep.time_zone, sweep.description, due, *known)
