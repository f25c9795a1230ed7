"""Records that are too old, found and fetched again for nobody in particular."""

from dataclasses import dataclass, replace

import structlog

from common.db import Database, now
from common.errors import DomainError
from common.jobs import Delivery, Job, Jobs, TryLater
from ingest.clients.catalog import CatalogClient, StaleBefore
from ingest.connectors import Connectors
from ingest.connectors.protocol import Connector
from ingest.connectors.terms import Terms
from ingest.jobs.consumers import TRY_SECONDS
from ingest.jobs.tries import judge
from ingest.refreshes.events import refresh_due
from ingest.service import within
from tastebuds.ingest.v1.work_pb2 import RefreshDue, StaleMediaDue

log = structlog.get_logger()

# Each hour: enough for millions of works, little beside what people bring in.
CLAIMED = 500


@dataclass(frozen=True, slots=True)
class Refreshes:
    database: Database
    connectors: Connectors
    catalog: CatalogClient

    @property
    def jobs(self) -> Jobs:
        return {RefreshDue: Job(self.refresh), StaleMediaDue: Job(self.find_stale)}

    async def refresh(self, message: RefreshDue, delivery: Delivery) -> None:
        """What its source no longer has stays as it is."""
        connector = self._connector(message.source)
        if connector is None:
            return
        try:
            async with within(TRY_SECONDS, connector.source):
                draft = await connector.fetch(message.external_id)
            # A source may call it by another id by now; it is this record that was asked for.
            same = replace(draft, external_id=message.external_id)
            await self.catalog.upsert(same, refresh=True)
        except DomainError as error:
            setback = judge(
                error,
                backoff=delivery.lane.pause_after(delivery.attempt),
                cooldown=await self.connectors.cooldown(connector.source),
            )
            if setback.after is not None:
                raise TryLater(setback.words, setback.after, counted=setback.counted) from error
            log.info("not refreshed", source=connector.source, reason=error.reason)

    async def find_stale(self, message: StaleMediaDue, _: Delivery) -> None:
        """Not while the source is left alone: what was found would only wait."""
        connector = self._connector(message.source)
        if connector is None or connector.terms is None:
            return
        if await self.connectors.cooldown(connector.source):
            return
        due = _before(connector.terms)
        external_ids = await self.catalog.claim_stale(connector.source, due, CLAIMED)
        async with self.database.sessions.begin() as session:
            session.add_all(refresh_due(connector.source, each) for each in external_ids)

    def _connector(self, source: str) -> Connector | None:
        """None of a source that was switched off, or removed, since."""
        try:
            return self.connectors.pick(source)
        except DomainError:
            return None


def _before(terms: Terms) -> StaleBefore:
    at = now()
    return StaleBefore(at - terms.records, at - terms.used if terms.used else None)
