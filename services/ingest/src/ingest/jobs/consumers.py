"""Works of jobs whose turn has come, each in a lane of its source."""

from dataclasses import dataclass
from uuid import UUID

from common import telemetry
from common.db import Database, now
from common.errors import DomainError
from common.failures import is_away
from common.jobs import Delivery, Job, Jobs, TryLater
from common.requests import parse_id
from ingest.clients.catalog import CatalogClient
from ingest.connectors import Connectors
from ingest.jobs import service
from ingest.jobs.tries import OURS, Setback, broken, judge
from ingest.jobs.views import DueItem
from ingest.service import Allowances, Wanted, ingest, within
from tastebuds.ingest.v1.work_pb2 import IngestItemDue

# Sooner than the lane gives up a try, so that the work's row tells of it.
TRY_SECONDS = 20.0
# A wait may end so much sooner than it was said to.
EARLY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class DueItems:
    """The same message may come any number of times; a work that is over is left alone."""

    database: Database
    connectors: Connectors
    catalog: CatalogClient
    allowances: Allowances

    @property
    def jobs(self) -> Jobs:
        return {IngestItemDue: Job(self.take, self.give_up)}

    async def take(self, message: IngestItemDue, delivery: Delivery) -> None:
        due = await self._find_due(message, delivery)
        if due is None:
            return
        _check_turn(due, delivery)
        backoff = delivery.lane.pause_after(delivery.attempt)
        try:
            media_item_id = await self._bring_in(due)
        except DomainError as error:
            cooldown = await self.connectors.cooldown(due.source)
            await self._go_on(due, delivery, judge(error, backoff=backoff, cooldown=cooldown))
        except Exception as error:  # boundary: whatever it was, the work's row tells of it
            if not is_away(error):
                await self._note(due, delivery, broken(telemetry.trace_id(), backoff=backoff))
            raise
        else:
            async with self.database.sessions.begin() as session:
                await service.note_done(
                    session, due=due, delivery=delivery, media_item_id=media_item_id
                )

    async def give_up(self, message: IngestItemDue, delivery: Delivery, _: str) -> None:
        """In the words that its row has: those of the failure itself may not be for people."""
        due = await self._find(message)
        if due is not None:
            async with self.database.sessions.begin() as session:
                await service.note_given_up(
                    session, due=due, delivery=delivery, words=due.last_error or OURS
                )

    async def _find_due(self, message: IngestItemDue, delivery: Delivery) -> DueItem | None:
        due = await self._find(message)
        if due is not None and due.is_revived_by(delivery):
            async with self.database.sessions.begin() as session:
                return await service.revive(session, due=due, message_id=delivery.message_id)
        return due if due is not None and due.is_wanted_by(delivery) else None

    async def _find(self, message: IngestItemDue) -> DueItem | None:
        item_id = parse_id("job_item_id", message.job_item_id)
        async with self.database.readers() as session:
            return await service.find_due(session, item_id=item_id)

    async def _bring_in(self, due: DueItem) -> UUID:
        wanted = Wanted(due.source, due.external_id, None, due.refresh)
        async with within(TRY_SECONDS, due.source):
            stored = await ingest(
                wanted,
                caller_id=due.user_id,
                connectors=self.connectors,
                catalog=self.catalog,
                allowances=self.allowances,
            )
        return parse_id("media_item_id", stored.item.id)

    async def _go_on(self, due: DueItem, delivery: Delivery, setback: Setback) -> None:
        """After a failure: the work waits, or has failed."""
        wait = await self._note(due, delivery, setback)
        if wait is not None:
            raise TryLater(setback.words, wait, counted=setback.counted)

    async def _note(self, due: DueItem, delivery: Delivery, setback: Setback) -> float | None:
        async with self.database.sessions.begin() as session:
            return await service.note_setback(session, due=due, delivery=delivery, setback=setback)


def _check_turn(due: DueItem, delivery: Delivery) -> None:
    """A work may be said to wait before its message does: deferred, or after a crash between."""
    if due.next_try_at is not None:
        left = (due.next_try_at - now()).total_seconds()
        if left > EARLY_SECONDS:
            raise TryLater(due.last_error, left, counted=delivery.attempt <= due.attempts)
