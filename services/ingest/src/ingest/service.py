"""Bringing one work in: what is asked for, how often a person may, and for how long it is tried."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from common.db import Database, now
from ingest import repository
from ingest.clients.catalog import CatalogClient, Stored
from ingest.connectors import Connectors, identifier
from ingest.errors import FetchQuotaExceeded, UpstreamUnavailable
from ingest.models import Allowance, AllowanceRow

WINDOW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller asks for: an id wins over an address."""

    source: str
    external_id: str | None
    url: str | None
    refresh: bool


class Use(NamedTuple):
    """Which of the current minute it is, from 1, and the seconds until the next minute."""

    number: int
    window_left: float


async def count_use(database: Database, table: type[AllowanceRow], user_id: UUID) -> Use:
    at = now()
    window_start = at.replace(second=0, microsecond=0)
    async with database.readers() as session:  # one statement, its own transaction
        number = await repository.count_use(session, table, user_id, window_start)
    return Use(number, (window_start + WINDOW - at).total_seconds())


@dataclass(frozen=True, slots=True)
class Allowances:
    """Upstream fetches that one person may cause in a minute."""

    database: Database
    per_minute: int

    async def take(self, user_id: UUID) -> None:
        """Raises FetchQuotaExceeded; known items cost nothing, so they do not come here."""
        use = await count_use(self.database, Allowance, user_id)
        if use.number > self.per_minute:
            ahead = use.number - self.per_minute - 1
            raise FetchQuotaExceeded(self.per_minute, use.window_left, ahead)


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
    await connectors.check_circuit(connector.source)  # what is not asked costs no allowance
    await allowances.take(caller_id)
    draft = await connector.fetch(external_id)
    return await catalog.upsert(draft, refresh=wanted.refresh)
