"""Load many works: the usual write in large batches, several at a time, without the indexes of
search when there is much to write. What is known stays as it is, so a load can be repeated, and
one that was interrupted goes on where it ended.

Nobody is told of new works: events tell of changes to what others keep, and nobody keeps these yet.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from catalog.loading import repository
from catalog.loading.errors import AlreadyLoading
from catalog.media import service as media
from catalog.media.items import Draft
from common.db import Database, Session

WRITERS = 3
BATCH = 500
# New works from which on it is quicker to build the indexes anew than to keep them up to date: so
# many, and this share of what was there.
MANY, MUCH = 5_000, 0.1


@dataclass(slots=True)
class Progress:
    """How many works of the load were new, and how many known."""

    added: int = 0
    known: int = 0


Report = Callable[[Progress], None]


async def load(database: Database, drafts: Iterator[Draft], report: Report) -> Progress:
    """AlreadyLoading when someone else does. Needs one connection more than there are WRITERS.

    What is written stays when it is cancelled, which takes until the indexes are built again.
    """
    async with repository.sole_loader(database) as is_alone:
        if not is_alone:
            raise AlreadyLoading
        many = max(MANY, int(MUCH * await repository.searchable(database)))
        running = _Load(database, drafts, report, many)
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(WRITERS):
                    tasks.create_task(running.write())
        finally:
            async with database.sessions.begin() as session:
                await build_indexes(session)
        await repository.tidy(database)
    return running.progress


async def build_indexes(session: Session) -> int:
    """How many of search's indexes were missing."""
    missing = await repository.missing_indexes(session)
    for index in missing:
        await repository.build_index(session, index)
    return len(missing)


async def mend_indexes(session: Session, _limit: int) -> int:
    """A sweep: build what a load that was killed has left undone."""
    return await build_indexes(session) if await repository.try_alone(session) else 0


class _Load:
    """One load by several writers."""

    def __init__(
        self, database: Database, drafts: Iterator[Draft], report: Report, many: int
    ) -> None:
        self.progress = Progress()
        self._database = database
        self._drafts = drafts
        self._report = report
        self._many = many
        self._is_large = False

    async def write(self) -> None:
        while batch := list(islice(self._drafts, BATCH)):
            async with self._database.sessions.begin() as session:
                stored = await media.upsert_many(session, batch, refresh=False, tell_of_new=False)
            added = sum(upserted.created for upserted in stored.values())
            self.progress.added += added
            self.progress.known += len(batch) - added
            self._report(self.progress)
            if self.progress.added >= self._many and not self._is_large:
                self._is_large = True
                async with self._database.sessions.begin() as session:
                    await repository.drop_indexes(session)
