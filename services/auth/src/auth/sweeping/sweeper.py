"""Sweeps now and then, for as long as the process lives."""

import asyncio
from contextlib import suppress

import structlog

from auth.sweeping import service
from auth.sweeping.service import Retention
from common.db import ERRORS, Database, is_unavailable

log = structlog.get_logger()

NEXT_BATCH_SECONDS = 1.0


class Sweeper:
    """Replicas may sweep at the same time: they skip each other's rows."""

    def __init__(self, database: Database, retention: Retention) -> None:
        self._database = database
        self._retention = retention

    async def run(self, stopping: asyncio.Event) -> None:
        wait = 0.0
        while not stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), wait)
                return
            has_more = await self._sweep()
            wait = NEXT_BATCH_SECONDS if has_more else self._retention.every.total_seconds()

    async def _sweep(self) -> bool:
        try:
            async with self._database.sessions.begin() as session:
                return await service.sweep(session, self._retention)
        except ERRORS as error:
            if not is_unavailable(error):
                raise
            log.warning("sweep put off", error=str(error)[:200])
            return True
