"""Group commit: what arrives while a statement is under way goes into the next one, together."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

import structlog

from common.db import ERRORS, Database, is_unavailable, now
from ingest.door import repository
from ingest.door.arrival import Arrival
from ingest.door.errors import DatabaseAway, WebhookTokenNotFound

log = structlog.get_logger()

MOST_ROWS = 50
# Half of what Postgres sorts and keeps in memory for one step of a statement (work_mem).
MOST_BYTES = 2 * 1024 * 1024
STATEMENT_SECONDS = 5.0
# From one statement to the next: whoever comes meanwhile goes along, for a fraction of the cost.
PACE_SECONDS = 0.01
# For whom a statement is not even begun in this time, the door is as good as shut.
ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Waiting:
    arrival: Arrival
    answer: "asyncio.Future[None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Intake:
    """Stores arrivals: one statement at a time, which is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[Waiting] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def take(self, arrival: Arrival) -> None:
        """Returns once it is stored for good. Raises WebhookTokenNotFound or DatabaseAway."""
        waiting = Waiting(arrival)
        self._waiting.append(waiting)
        if self._writer is None:
            # A task of its own: a caller that goes away must not take the others' answer along.
            self._writer = asyncio.create_task(self._write_all())
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await waiting.answer
        except TimeoutError:
            raise DatabaseAway from None

    async def _write_all(self) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while self._waiting:
                next_at = clock() + PACE_SECONDS
                await self._write(self._next_group())
                await asyncio.sleep(next_at - clock())
        finally:
            self._writer = None

    def _next_group(self) -> list[Waiting]:
        """Oldest first; at least one, however large."""
        group = [self._waiting.popleft()]
        size = len(group[0].arrival.body)
        while self._waiting and len(group) < MOST_ROWS:
            size += len(self._waiting[0].arrival.body)
            if size > MOST_BYTES:
                break
            group.append(self._waiting.popleft())
        return group

    async def _write(self, group: list[Waiting]) -> None:
        try:
            await self._store(group)
        except ERRORS as error:
            if is_unavailable(error):
                self._turn_away(group, error)
                return
            log.warning("webhooks stored one by one", error=type(error).__name__, rows=len(group))
            for each in group:
                await self._write_alone(each)
        except BaseException as error:  # a fault of ours, or the process ends
            self._turn_away(group, error)
            raise

    async def _write_alone(self, waiting: Waiting) -> None:
        try:
            await self._store([waiting])
        except ERRORS as error:
            if is_unavailable(error):
                self._turn_away([waiting], error)
            elif not waiting.answer.done():
                waiting.answer.set_exception(error)

    async def _store(self, group: list[Waiting]) -> None:
        arrivals = [each.arrival for each in group]
        async with asyncio.timeout(STATEMENT_SECONDS), self._database.readers() as session:
            stored = await repository.store(session, arrivals, now())
        for each in group:
            if each.answer.done():
                continue
            if each.arrival.id in stored:
                each.answer.set_result(None)
            else:
                each.answer.set_exception(WebhookTokenNotFound())

    def _turn_away(self, group: list[Waiting], error: BaseException) -> None:
        """All of them: whoever waits behind would find the same."""
        everybody = [*group, *self._waiting]
        self._waiting.clear()
        log.warning("webhooks not stored", error=type(error).__name__, rows=len(everybody))
        for each in everybody:
            if not each.answer.done():
                each.answer.set_exception(DatabaseAway())
