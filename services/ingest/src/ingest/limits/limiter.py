"""Takes turns with all replicas at asking a source."""

import asyncio
from dataclasses import dataclass

from common.db import Database
from ingest.errors import NoFreeSlot
from ingest.limits import repository


@dataclass(frozen=True, slots=True)
class Limiter:
    """Turns are `interval` seconds apart, so that no second sees more than its rate.

    They are given in the order of asking (GCRA with a burst of one).
    """

    source: str
    interval: float
    database: Database

    async def wait_turn(self, patience: float) -> None:
        """Raises NoFreeSlot at once, taking no turn, if it would come later than `patience`."""
        async with self.database.readers() as session:  # one statement, its own transaction
            wait = await repository.take_turn(session, self.source, self.interval, patience)
        if wait is None:
            raise NoFreeSlot(self.source)
        await asyncio.sleep(wait)

    async def put_off(self, seconds: float) -> None:
        """The source asks for a pause, too short a one to open its circuit."""
        async with self.database.readers() as session:
            await repository.put_off(session, self.source, seconds)
