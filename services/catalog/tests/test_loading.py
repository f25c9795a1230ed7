import asyncio
import time
from contextlib import asynccontextmanager
from functools import partial

import pytest
from sqlalchemy import text

from catalog.loading import repository, service
from catalog.loading.errors import AlreadyLoading
from catalog.loading.mending import Mender
from catalog.loading.service import MANY, are_many, bulk_writing

from .search_desk import work


@pytest.fixture
def missing(database):
    async def indexes():
        async with database.sessions.begin() as session:
            return await repository.missing_indexes(session)

    return indexes


@pytest.fixture
async def dropped(database, missing):
    """The indexes that a killed bulk write has left undone; they are there again later on."""
    assert await repository.drop_indexes(database)
    yield await missing()
    await service.build_indexes(database)


@pytest.fixture
def mender(database):
    return Mender(database)


@pytest.fixture
def mending(mender):
    """`async with mending()`: the part runs, and is stopped in the end as SIGTERM would."""

    @asynccontextmanager
    async def run():
        stopping = asyncio.Event()
        part = asyncio.create_task(mender.run(stopping))
        try:
            yield
        finally:
            stopping.set()
            await asyncio.wait_for(part, 10)

    return run


@pytest.fixture
def sweep(database, mender):
    async def run():
        async with database.sessions.begin() as session:
            return await mender.sweep(session, 1000)

    return run


@pytest.fixture
def builders(sql):
    """What waits until it may build an index."""

    async def waiting():
        return await sql(
            """
            select pid from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'
            and query ilike 'create index%'
            """
        )

    return waiting


@pytest.fixture
def write(database):
    """`async with write()`: no index of search can be built."""

    @asynccontextmanager
    async def hold():
        async with database.sessions.begin() as session:
            for table in ("item_search", "search_terms"):
                lock = f"lock table catalog.{table} in row exclusive mode"
                await session.execute(text(lock))
            yield

    return hold


async def until(question, *, empty=False):
    """Wait for an answer that is not empty, or one that is."""
    async with asyncio.timeout(20):
        while bool(answer := await question()) == empty:
            await asyncio.sleep(0.02)
    return answer


async def test_what_is_written_in_bulk_is_found_and_in_its_tier(database, finder, missing, sql):
    async with bulk_writing(database, MANY):
        assert len(await missing()) > 5
        await finder.load(*((work(f"Evening {number}"), number) for number in range(611)))
    assert await missing() == []
    assert await finder.titles("evening 77") == ["Evening 77"]
    tiers = await sql(
        """
        select tier, count(*), max(popularity) from catalog.item_search group by tier order by tier
        """
    )
    assert [(row.tier, row.count) for row in tiers] == [(0, 500), (9, 111)]
    assert tiers[0].max > tiers[1].max


@pytest.mark.parametrize(
    ("expected", "before", "answer"),
    [
        (MANY - 1, 0, False),
        (MANY, 0, True),
        (MANY, MANY * 10 - 1, True),
        (MANY, MANY * 10, False),
        (200_000, 1_000_000, True),
        (100_000, 1_000_000, False),
    ],
)
def test_many_are_so_beside_what_is_there(expected, before, answer):
    assert are_many(expected, before) is answer


async def test_a_few_are_written_with_the_indexes_in_place(database, missing):
    async with bulk_writing(database, MANY - 1):
        assert await missing() == []


async def test_a_writer_that_fails_leaves_the_indexes_as_they_were(database, missing):
    async def write():
        async with bulk_writing(database, MANY):
            assert await missing()
            raise OSError("the file ends here")

    with pytest.raises(OSError, match="the file ends here"):
        await write()
    assert await missing() == []


async def test_and_so_does_one_that_is_cancelled(database, missing):
    is_at_work = asyncio.Event()

    async def write():
        async with bulk_writing(database, MANY):
            is_at_work.set()
            await asyncio.Event().wait()

    writing = asyncio.create_task(write())
    await asyncio.wait_for(is_at_work.wait(), 20)
    assert await missing()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(writing, 20)
    assert await missing() == []
    async with repository.sole_loader(database) as is_alone:
        assert is_alone


async def test_where_others_are_at_work_the_indexes_stay(database, missing, write):
    async with write(), bulk_writing(database, MANY, attempts=2):
        assert await missing() == []


async def test_where_they_soon_are_done_it_is_tried_again(database, missing, write):
    async with asyncio.TaskGroup() as tasks:

        async def work_for_a_second():
            async with write():
                await asyncio.sleep(1)

        tasks.create_task(work_for_a_second())
        await asyncio.sleep(0.1)
        async with bulk_writing(database, MANY):
            assert await missing()


async def test_what_a_killed_bulk_write_left_undone_is_mended_at_the_next_start(
    mending, sweep, dropped, missing
):
    assert await sweep() == len(dropped) > 0
    async with mending():
        await until(missing, empty=True)
    assert await sweep() == 0


async def test_or_when_the_sweep_finds_it(database, mender, mending, dropped, missing):
    async with mending():
        await until(missing, empty=True)
        assert await repository.drop_indexes(database)
        async with database.sessions.begin() as session:
            # once the part has let go of what it was at; this transaction is in nobody's way
            await until(partial(mender.sweep, session, 1000))
            await until(missing, empty=True)


async def test_a_stop_gives_up_what_is_being_built(
    database, mending, sweep, dropped, missing, builders, write
):
    async with write():
        async with mending():
            await until(builders)
            assert await sweep() == 0
            began = time.monotonic()
        assert time.monotonic() - began < 1
        assert not await builders()
        assert await missing() == dropped
    async with repository.sole_loader(database) as is_alone:
        assert is_alone
    assert await repository.drop_indexes(database)


async def test_an_error_of_the_database_is_outlived(
    database, mending, sweep, dropped, missing, builders, write, sql
):
    async with mending():
        async with write():
            for builder in await until(builders):
                await sql("select pg_terminate_backend(:pid)", pid=builder.pid)
            # once nobody is at work any more
            await until(sweep)
        await until(missing, empty=True)


async def test_while_somebody_writes_in_bulk_nobody_else_does_nor_mends(
    database, mending, sweep, missing
):
    async with bulk_writing(database, MANY):
        dropped = await missing()
        assert await sweep() == 0
        async with mending():
            await asyncio.sleep(0.3)
        with pytest.raises(AlreadyLoading):
            async with bulk_writing(database, 1):
                pytest.fail("two at once")
        assert await missing() == dropped > []


async def test_what_was_left_undone_is_there_after_the_next_bulk_write(database, dropped, missing):
    async with bulk_writing(database, 1):
        assert await missing() == dropped > []
    assert await missing() == []
