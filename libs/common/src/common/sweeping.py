"""What is over is deleted after a while, for as long as the process lives."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import structlog

from common.db import ERRORS, Database, Session, is_unavailable

log = structlog.get_logger()

HOURLY = timedelta(hours=1)
NEXT_BATCH_SECONDS = 1.0

# Deletes a bounded number of rows, not those that someone else has locked; says whether there may
# be more.
Sweep = Callable[[Session], Awaitable[bool]]


class Sweeper:
    """Replicas may sweep at the same time: they skip each other's rows."""

    def __init__(self, database: Database, sweep: Sweep, every: timedelta = HOURLY) -> None:
        self._database = database
        self._sweep = sweep
        self._every = every

    async def run(self, stopping: asyncio.Event) -> None:
        wait = 0.0
        while not stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), wait)
                return
            has_more = await self._sweep_once()
            wait = NEXT_BATCH_SECONDS if has_more else self._every.total_seconds()

    async def _sweep_once(self) -> bool:
        try:
            async with self._database.sessions.begin() as session:
                return await self._sweep(session)
        except ERRORS as error:
            if not is_unavailable(error):
                raise
            log.warning("sweep put off", error=str(error)[:200])
            return True
