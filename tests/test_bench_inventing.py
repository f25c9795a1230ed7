"""Works put together inside Postgres are rows that the catalogue itself would have written."""

import asyncio

import pytest
from sqlalchemy import text

from bench import data
from bench.inventing import invent
from bench.vocabulary import COMMON_WORD
from catalog.indexing.service import index_stale
from catalog.loading.service import bulk_writing
from catalog.media import repository
from catalog.media.drafts import make_draft
from catalog.media.items import SourceKey
from catalog.media.service import upsert_many
from common import db
from stack.databases import in_database

COUNT = 600
ENTRIES = """
    select media_item_id, media_type, popularity, tier, tags, title_key, sort_key, strip(head),
      strip(document)
    from catalog.item_search order by media_item_id
"""
TERMS = "select term, deletions from catalog.search_terms order by term"


@pytest.fixture(scope="session")
def invented_url(migrated):
    return migrated("catalog")


@pytest.fixture(scope="session")
def superuser_url(postgres, invented_url):
    return in_database(postgres.admin_url, invented_url.rpartition("/")[2])


@pytest.fixture
async def catalogue(invented_url, superuser_url):
    """With so many invented works, and nothing else."""
    async with db.connect(invented_url) as database:
        heard = []
        async with bulk_writing(database, COUNT):
            await invent(superuser_url, COUNT, lambda *told: heard.append(told))
        assert heard[-1][0] == COUNT
        yield database


@pytest.fixture
def rows(catalogue):
    async def read(statement, **values):
        async with catalogue.readers() as reader:
            return (await reader.execute(text(statement), values)).all()

    return read


async def test_search_would_read_them_as_they_are(catalogue, rows):
    before, terms = await rows(ENTRIES), await rows(TERMS)
    async with catalogue.sessions.begin() as session:
        await session.execute(text("update catalog.item_search set is_stale = true, head = ''"))
        await session.execute(text("delete from catalog.search_terms"))
        assert await index_stale(session, COUNT * 2) == COUNT
    assert await rows(ENTRIES) == before
    assert await rows(TERMS) == terms


async def test_they_are_such_as_are_stored(catalogue, rows):
    ids = [row.id for row in await rows("select id from catalog.media_items order by id")]
    async with catalogue.sessions.begin() as session:
        items = [*(await repository.get_many(session, ids)).values()]
    assert len(items) == COUNT
    for number, item in enumerate(items):
        key = SourceKey(data.SOURCE, str(number))
        cleaned = make_draft(
            key, item.facts, source_url=None, raw_payload=b"{}", popularity=item.popularity
        )
        assert cleaned.facts == item.facts


async def test_and_are_known_to_the_catalogue_when_they_come_again(catalogue, rows):
    counted = "select count(*) from catalog.media_items"
    before = await rows(counted)
    async with catalogue.sessions.begin() as session:
        await upsert_many(session, list(data.drafts(100)), refresh=True)
    assert await rows(counted) == before


async def test_the_same_number_again_adds_nothing_and_more_add_the_rest(catalogue, superuser_url):
    assert await invent(superuser_url, COUNT, lambda *_: None) == 0
    assert await invent(superuser_url, COUNT + 7, lambda *_: None) == 7
    assert await invent(superuser_url, COUNT + 7, lambda *_: None) == 0


async def test_one_word_is_in_half_of_them_and_some_are_in_one_only(rows):
    described = "select description from catalog.media_items"
    having = [COMMON_WORD in row.description.split() for row in await rows(described)]
    assert sum(having) == len(having) // 2
    named = """
        select count(*) from catalog.item_search where :word = any(string_to_array(title_key, ' '))
    """
    for number in range(0, COUNT, data.RARE_EVERY):
        assert await rows(named, word=data.rare_word(number)) == [(1,)]


async def test_what_they_are_made_of_is_gone_afterwards_also_when_they_are_given_up(
    catalogue, superuser_url, rows
):
    left = "select nspname from pg_namespace where nspname = 'bench'"
    assert await rows(left) == []
    is_at_work = asyncio.Event()
    inventing = asyncio.create_task(invent(superuser_url, 1_000_000, lambda *_: is_at_work.set()))
    await asyncio.wait_for(is_at_work.wait(), 60)
    assert await rows(left) == [("bench",)]
    inventing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(inventing, 20)
    assert await rows(left) == []
