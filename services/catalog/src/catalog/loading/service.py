"""Load many works: the usual write in large batches, several at a time, without the indexes of
search when there is much to write. What is known stays as it is, so a load can be repeated, and
one that was interrupted goes on where it ended.

Nobody is told of new works: events tell of changes to what others keep, and nobody keeps these yet.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from uuid import UUID

from catalog.loading import copying, repository
from catalog.loading.errors import AlreadyLoading
from catalog.media import service as media
from catalog.media.items import Draft
from catalog.ranking import repository as ranking
from catalog.ranking.service import SIZES
from common.db import Database

WRITERS, BUILDERS = 5, 2
BATCH = 500
# New works from which on it is quicker to build the indexes anew than to keep them up to date: so
# many, and this share of what was there.
MANY, MUCH = 5_000, 0.1
RANKED_AT_ONCE = 20_000


@dataclass(slots=True)
class Progress:
    """How many works of the load were new, and how many known."""

    added: int = 0
    known: int = 0


Report = Callable[[Progress], None]
Part = TypeVar("Part")


async def load(
    database: Database, drafts: Iterator[Draft], report: Report, expected: int = 0
) -> Progress:
    """AlreadyLoading when someone else does. Needs one connection more than there are WRITERS.

    When it is known how many drafts are to be `expected`, most works are written into the tier
    where they will belong, instead of being moved there in the end.

    What is written stays when it is cancelled, which takes until the indexes are built again.
    """
    async with repository.sole_loader(database) as is_alone:
        if not is_alone:
            raise AlreadyLoading
        progress, before = Progress(), await repository.searchable(database)
        many = max(MANY, int(MUCH * before))
        try:
            while progress.added < many or not await _clear_the_way(database):
                done = progress.added + progress.known
                await _write_all(database, islice(drafts, many), progress, report)
                if progress.added + progress.known < done + many:
                    break
            else:
                await _foresee_tiers(database, expected - progress.added - progress.known)
            await _write_all(database, drafts, progress, report)
            if progress.added > MUCH * before:
                await _rank(database)
        finally:
            await build_indexes(database)
        await _analyze(database)
    return progress


async def _clear_the_way(database: Database) -> bool:
    """No indexes to keep up to date, and statistics to plan the rest by; False: not now."""
    if not await repository.drop_indexes(database):
        return False
    await _analyze(database)
    return True


async def _analyze(database: Database) -> None:
    async def analyze(table: str) -> None:
        async with database.sessions.begin() as session:
            await repository.analyze(session, table)

    await _side_by_side(analyze, repository.TABLES)


async def _foresee_tiers(database: Database, coming: int) -> None:
    """As if those to come were as well known as those that are there."""
    there = await repository.searchable(database)
    if there and coming > 0:
        sizes = [round(size * there / (there + coming)) for size in SIZES]
        async with database.sessions.begin() as session:
            await ranking.draw_boundaries(session, sizes)


async def _write_all(
    database: Database, drafts: Iterator[Draft], progress: Progress, report: Report
) -> None:
    known_terms: dict[str, float] = {}

    async def write() -> None:
        while batch := list(islice(drafts, BATCH)):
            copied = copying.Batch(known_terms)
            async with database.sessions.begin() as session:
                await repository.begin_batch(session)
                stored = await media.upsert_many(
                    session, batch, refresh=False, tell_of_new=False, write=copied.write
                )
            copied.was_committed()
            added = sum(upserted.created for upserted in stored.values())
            progress.added += added
            progress.known += len(batch) - added
            report(progress)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(WRITERS):
            tasks.create_task(write())


async def _rank(database: Database) -> None:
    """Put all works into the tiers where they belong now, best before there are indexes again."""
    async with database.sessions.begin() as session:
        await ranking.draw_boundaries(session, SIZES)
        parts = await ranking.parts(session, RANKED_AT_ONCE)

    async def retag(after: UUID) -> None:
        async with database.sessions.begin() as session:
            await ranking.retag_next(session, after, RANKED_AT_ONCE)

    await _side_by_side(retag, parts)


async def build_indexes(database: Database) -> None:
    """The large one of words beside all others."""
    async with database.sessions.begin() as session:
        missing = await repository.missing_indexes(session)

    async def build(index: str) -> None:
        async with database.sessions.begin() as session:
            await repository.build_index(session, index)

    await _side_by_side(build, missing)


async def _side_by_side(work: Callable[[Part], Awaitable[None]], parts: Iterable[Part]) -> None:
    turn = asyncio.Semaphore(BUILDERS)

    async def in_turn(part: Part) -> None:
        async with turn:
            await work(part)

    async with asyncio.TaskGroup() as tasks:
        for part in parts:
            tasks.create_task(in_turn(part))
