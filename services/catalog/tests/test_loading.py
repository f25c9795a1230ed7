import asyncio
import time
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from itertools import chain

import orjson
import pytest
from sqlalchemy import text

from catalog.loading import repository, service
from catalog.loading.errors import AlreadyLoading
from catalog.loading.mending import Mender
from catalog.media import search_rows
from catalog.media import service as media
from catalog.media.changes import say_the_same
from catalog.media.drafts import make_draft
from catalog.media.items import Book, Facts, Game, MediaType, Music, Screen, SourceKey
from catalog.ranking import repository as ranking
from tastebuds.catalog.v1.search_service_pb2 import SearchMediaRequest

from .works import book, upsert

MANY = service.MANY + 3 * service.WRITERS * service.BATCH


def draft(number, title=None, popularity=None, **book_fields):
    return make_draft(
        SourceKey("list", str(number)),
        Facts(
            media_type=MediaType.BOOK,
            title=title or f"Evening {number}",
            extension=Book(authors=("Mara Ellison",), **book_fields),
        ),
        source_url=None,
        raw_payload=b"{}",
        popularity=number if popularity is None else popularity,
    )


def drafts(count):
    return map(draft, range(count))


def unheard(progress):
    pass


@pytest.fixture
def count(sql):
    """`await count("media_items")`"""

    async def rows(table):
        statement = f"select count(*) from catalog.{table}"  # noqa: S608 its name is given here
        return (await sql(statement))[0][0]

    return rows


@pytest.fixture
def missing(database):
    async def indexes():
        async with database.sessions.begin() as session:
            return await repository.missing_indexes(session)

    return indexes


@pytest.fixture
async def dropped(database, missing):
    """The indexes that a load has left undone when it was killed; they are there again later on."""
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


async def test_all_of_it_is_stored_and_found(database, count, search, events):
    heard = []
    loaded = await service.load(database, drafts(1200), lambda one: heard.append(one.added))
    assert (loaded.added, loaded.known) == (1200, 0)
    assert heard == sorted(heard)
    for table in ("media_items", "books", "item_search", "media_sources"):
        assert await count(table) == 1200
    found = await search.SearchMedia(SearchMediaRequest(query="evening 777"))
    assert found.items[0].title == "Evening 777"
    assert await events() == []


async def test_a_word_is_as_well_known_as_the_best_known_work_that_has_it(database, sql):
    # the drafts get better known one by one, and those of later batches are better known still
    await service.load(database, map(draft, range(service.BATCH + 1)), unheard)
    rows = await sql(
        """
        select max(s.popularity) - max(t.popularity)
        from catalog.search_terms t, catalog.item_search s
        where t.term = 'evening'
        """
    )
    assert 0 <= rows[0][0] < search_rows.TERM_STEP


async def test_a_load_can_be_repeated(database, count):
    await service.load(database, drafts(700), unheard)
    again = await service.load(database, drafts(900), unheard)
    assert (again.added, again.known) == (200, 700)
    assert await count("media_items") == 900


async def test_what_is_there_stays(database, sql):
    await service.load(database, iter([draft(1, "Tidewatch")]), unheard)
    await service.load(database, iter([draft(1, "Tidewatch, changed")]), unheard)
    (stored,) = await sql("select title from catalog.media_items")
    assert stored.title == "Tidewatch"


async def test_a_book_that_another_source_told_of_is_not_there_twice(
    database, ingest, count, events
):
    isbn = "9780441013593"
    dune = book("Dune", book={"authors": ["Frank Herbert"], "isbn_13": isbn})
    await ingest.UpsertMedia(upsert(dune))
    assert len(await events()) == 1
    await service.load(database, iter([draft(1, "Dune", isbn_13=isbn, page_count=412)]), unheard)
    assert await count("media_items") == 1
    assert await count("media_sources") == 2


async def test_works_of_every_kind_come_back_as_they_were(database):
    details = {
        MediaType.BOOK: Book(authors=("Mara Ellison",), page_count=412),
        MediaType.MOVIE: Screen(runtime_minutes=136, directors=("Lana Wachowski",)),
        MediaType.GAME: Game(platforms=("PC",), genres=("Adventure",)),
        MediaType.MUSIC: Music(artist_name="Erik Satie", track_number=1),
    }
    metadata = {"categories": ["Fiction", 'the "best"\t\\'], "pages": {"paper": 412, "é": None}}
    told = [
        make_draft(
            SourceKey("list", kind),
            Facts(
                media_type=kind,
                title="Tidewatch",
                release_date=date(1999, 3, 31),
                metadata_json=orjson.dumps(metadata).decode(),
                extension=extension,
            ),
            source_url=None,
            raw_payload=b"{}",
            popularity=None,
        )
        for kind, extension in details.items()
    ]
    await service.load(database, iter(told), unheard)
    async with database.readers() as reader:
        for one in told:
            stored = await media.find_by_source(reader, one.key)
            assert orjson.loads(stored.item.facts.metadata_json) == metadata
            assert say_the_same(stored.item.facts, one.facts)


async def test_a_work_with_several_sources_knows_whose_word_it_is(database, sql):
    """Two of one batch that say that they are one are two works, so none that is copied has two."""
    one, two, three = (draft(number, "Dune", isbn_13="9780441013593") for number in range(3))
    for batch, most_sources in (([one, two], 1), ([three], 2)):
        await service.load(database, iter(batch), unheard)
        rows = await sql(
            """
            select count(s.id) as sources, i.field_sources
            from catalog.media_items i join catalog.media_sources s on s.media_item_id = i.id
            group by i.id
            """
        )
        assert max(row.sources for row in rows) == most_sources
        assert all(bool(row.field_sources) == (row.sources > 1) for row in rows)


async def test_a_large_load_leaves_the_indexes_as_they_were(database, missing, count):
    loaded = await service.load(database, drafts(MANY), unheard)
    assert loaded.added == MANY == await count("item_search")
    assert await missing() == []


async def test_works_that_are_expected_are_written_into_their_tier(database, sql, monkeypatch):
    moved = []
    retag_next = ranking.retag_next

    async def heard(session, after, limit):
        looked = await retag_next(session, after, limit)
        moved.append(looked.moved)
        return looked

    monkeypatch.setitem(vars(ranking), "retag_next", heard)
    count = 2 * MANY
    mixed = (draft(number, popularity=number * 7919 % count) for number in range(count))
    await service.load(database, mixed, unheard, expected=count)
    # the first ones did not know where they belong, and a few are near the end of a tier
    assert sum(moved) < service.MANY + 0.1 * count
    tiers = await sql("select tier, count(*) from catalog.item_search group by tier order by tier")
    assert [tuple(row) for row in tiers] == [(0, 500), (1, 1500), (2, 6000), (9, count - 8000)]


async def test_a_load_that_is_cancelled_goes_on_where_it_ended(database, missing, count):
    enough = asyncio.Event()

    def hear(progress):
        if progress.added > service.MANY:
            enough.set()

    loading = asyncio.create_task(service.load(database, drafts(2 * MANY), hear))
    await asyncio.wait_for(enough.wait(), 60)
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    assert await missing() == []
    stored = await count("media_items")
    assert service.MANY < stored < 2 * MANY
    assert await count("item_search") == await count("media_sources") == stored
    rest = await service.load(database, drafts(2 * MANY), unheard)
    assert (rest.added, rest.known) == (2 * MANY - stored, stored)
    assert await count("media_items") == 2 * MANY


async def test_what_a_killed_load_left_undone_is_mended_at_the_next_start(
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


async def test_the_indexes_of_a_load_that_goes_on_are_left_alone(
    database, mending, sweep, dropped, missing
):
    async with repository.sole_loader(database) as is_alone:
        assert is_alone
        assert await sweep() == 0
        async with mending():
            await asyncio.sleep(0.3)
        assert await missing() == dropped
        with pytest.raises(AlreadyLoading):
            await service.load(database, drafts(1), unheard)
    await service.load(database, drafts(1), unheard)
    assert await missing() == []


async def test_drafts_that_end_with_an_error_leave_nothing_half_written(database, missing, count):
    def breaks():
        yield from ()
        raise OSError("the file ends here")

    with pytest.raises(ExceptionGroup):
        await service.load(database, chain(drafts(2600), breaks()), unheard)
    assert await missing() == []
    assert await count("media_items") == await count("media_sources") == await count("item_search")
    whole = await service.load(database, drafts(2600), unheard)
    assert whole.added + whole.known == 2600 == await count("media_items")
