"""Around the writing of many works: without the indexes of search when there is much to write, and
with everything in its place afterwards. How works are written is for their writer to know.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TypeVar
from uuid import UUID

from catalog.loading import repository
from catalog.loading.errors import AlreadyLoading
from catalog.ranking import repository as ranking
from catalog.ranking.service import SIZES
from common.db import Database

BUILDERS = 2
# New works from which on it is quicker to build the indexes anew than to keep them up to date: so
# many, and more than this share of what was there.
MANY, MUCH = 5_000, 0.1
# About ten seconds in all: each attempt waits for less than one itself.
ATTEMPTS, PAUSE_SECONDS = 5, 1.0
RANKED_AT_ONCE = 20_000

Part = TypeVar("Part")


def are_many(expected: int, before: int) -> bool:
    """Whether so many works, beside those there were before, are better written without indexes."""
    return expected >= MANY and expected > MUCH * before


@asynccontextmanager
async def bulk_writing(
    database: Database, expected: int, *, attempts: int = ATTEMPTS
) -> AsyncIterator[None]:
    """Whoever writes `expected` works and what search reads of them (item_search, search_terms) by
    statements of their own does it in here. AlreadyLoading when someone else does.

    When they are many, beside what is there, the indexes of search are dropped first and built
    afterwards, also when it fails or is cancelled, which then takes until they are; works are put
    into the tiers where they belong. The indexes stay, and are kept up to date, where others are
    found at work in all `attempts`. In the end the planner's statistics are renewed.

    It needs a connection beside those of the writers, and BUILDERS more once they are done.
    """
    async with repository.sole_loader(database) as is_alone:
        if not is_alone:
            raise AlreadyLoading
        is_much = are_many(expected, await repository.searchable(database))
        try:
            if is_much:
                await _drop_indexes(database, attempts)
            yield
            if is_much:
                await _rank(database)
        finally:
            await build_indexes(database)
        await _analyze(database)


async def _drop_indexes(database: Database, attempts: int) -> None:
    for attempt in range(attempts):
        if attempt:
            await asyncio.sleep(PAUSE_SECONDS)
        if await repository.drop_indexes(database):
            return


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


async def _analyze(database: Database) -> None:
    async def analyze(table: str) -> None:
        async with database.sessions.begin() as session:
            await repository.analyze(session, table)

    await _side_by_side(analyze, repository.TABLES)


async def _side_by_side(work: Callable[[Part], Awaitable[None]], parts: Iterable[Part]) -> None:
    turn = asyncio.Semaphore(BUILDERS)

    async def in_turn(part: Part) -> None:
        async with turn:
            await work(part)

    async with asyncio.TaskGroup() as tasks:
        for part in parts:
            tasks.create_task(in_turn(part))
