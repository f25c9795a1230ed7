"""The indexes of search that a bulk write has left undone when it was killed."""

import asyncio
import time

import structlog

from catalog.loading import repository, service
from common.db import ERRORS, Database, Session

log = structlog.get_logger()


class Mender:
    """Builds them beside everything else, for as long as it takes: no job may take minutes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._due = asyncio.Event()

    async def sweep(self, session: Session, _limit: int) -> int:
        """See common.sweeps.Batch. Says how many are missing, and has them built; 0 while somebody
        loads, or builds them already."""
        if await repository.is_someone_loading(session):
            return 0
        missing = await repository.missing_indexes(session)
        if missing:
            self._due.set()
        return len(missing)

    async def run(self, stopping: asyncio.Event) -> None:
        """See common.process.Part. What is being built in the end is given up until the next start,
        which looks by itself: the sweeps of a start are not repeated within some minutes."""
        self._due.set()
        async with asyncio.TaskGroup() as tasks:
            mending = tasks.create_task(self._mend_when_due())
            await stopping.wait()
            mending.cancel()

    async def _mend_when_due(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self._mend()
            except* ERRORS as errors:  # the next sweep asks for it again
                first = errors.exceptions[0]
                log.warning("indexes not built", error=f"{type(first).__name__}: {first}"[:200])

    async def _mend(self) -> None:
        async with repository.sole_loader(self._database) as is_alone:
            if not is_alone:
                return
            async with self._database.readers() as reader:
                missing = await repository.missing_indexes(reader)
            if not missing:
                return
            log.info("building indexes", missing=len(missing))
            began = time.monotonic()
            await service.build_indexes(self._database)
            seconds = round(time.monotonic() - began, 1)
            log.info("indexes built", built=len(missing), seconds=seconds)
