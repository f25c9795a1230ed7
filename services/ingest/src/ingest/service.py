"""What the ingest service does, free of gRPC and NATS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from common.db import Database
from ingest import repository
from ingest.clients import CatalogClient, Stored
from ingest.connectors import Connectors, identifier
from ingest.errors import FetchQuotaExceeded, UpstreamUnavailable

WINDOW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller asks for: an id wins over an address."""

    source: str
    external_id: str | None
    url: str | None
    refresh: bool


@dataclass(frozen=True, slots=True)
class Allowances:
    """Upstream fetches that one person may cause in a minute."""

    database: Database
    per_minute: int

    async def take(self, user_id: UUID) -> None:
        """Raises FetchQuotaExceeded; known items cost nothing, so they do not come here."""
        now = datetime.now(UTC)
        window_start = now.replace(second=0, microsecond=0)
        async with self.database.readers() as session:  # one statement, its own transaction
            used = await repository.count_fetch(session, user_id, window_start)
        if used > self.per_minute:
            left = (window_start + WINDOW - now).total_seconds()
            raise FetchQuotaExceeded(self.per_minute, left, ahead=used - self.per_minute - 1)


@asynccontextmanager
async def within(seconds: float | None, source: str) -> AsyncIterator[None]:
    """Raises UpstreamUnavailable when what is done takes longer; None sets no limit."""
    patience = asyncio.timeout(seconds)
    try:
        async with patience:
            yield
    except TimeoutError as error:
        if not patience.expired():
            raise  # somebody else's limit
        raise UpstreamUnavailable(source, "no answer in time") from error


async def ingest(
    wanted: Wanted,
    *,
    caller_id: UUID,
    connectors: Connectors,
    catalog: CatalogClient,
    allowances: Allowances,
) -> Stored:
    """The item in the catalogue, asked of its source only if unknown or to be refreshed."""
    connector = connectors.pick(wanted.source)
    external_id = identifier(connector, wanted.external_id, wanted.url)
    if not wanted.refresh:
        known = await catalog.find(connector.source, external_id)
        if known is not None:
            return known
    connectors.check_circuit(connector.source)  # what is not asked costs no allowance
    await allowances.take(caller_id)
    draft = await connector.fetch(external_id)
    return await catalog.upsert(draft, refresh=wanted.refresh)
