"""The sweep that looks for works that are there twice; see also test_merging.py."""

from itertools import combinations
from uuid import UUID

import pytest

from catalog.duplicates import repository
from catalog.duplicates.repository import MOST_OF_ONE
from catalog.duplicates.service import MOST_MERGES
from catalog.indexing.service import index_stale
from catalog.media.bounds import with_check_digit

from . import works
from .works import book, upsert

SHORT, LONG = "0441013597", "9780441013593"
YEAR = "2019-05-01"
# No two of them are alike.
WORDS = ["".join(pair) for pair in combinations("abcdefgh", 2)]


def isbn_of(number):
    return with_check_digit(f"97900000{number:04}")


def written(**fields):
    return works.media.Book(authors=["Ada Tide"], **fields)


@pytest.fixture
def add(ingest):
    async def run(external_id, title, *, refresh=False, **fields):
        draft = upsert(book(title, **fields), external_id, refresh=refresh)
        return (await ingest.UpsertMedia(draft)).item.id

    return run


@pytest.fixture
def pairs(suspects):
    """The suspects as their ids."""

    async def read():
        return {(one.one.id, one.other.id) for one in await suspects()}

    return read


@pytest.mark.parametrize("order", [(SHORT, LONG), (LONG, SHORT)])
async def test_the_two_forms_of_an_isbn_are_one(order, add, compare, suspects):
    for title, isbn in zip(("Nebelkai", "Fog on the Pier"), order, strict=True):
        form = "isbn_10" if isbn == SHORT else "isbn_13"
        await add(isbn, title, book=written(**{form: isbn}))
        assert await compare() == 1
    (found,) = await suspects()
    assert found.reason == f"same ISBN {LONG}, other titles"


async def test_what_is_like_no_other_is_not_read(add, compare, statements):
    for n, word in enumerate(WORDS[:9]):
        await add(word, word, release_date=YEAR, book=written(isbn_13=isbn_of(n)))
    statements()
    assert await compare() == 9
    # What is due, its ids, its titles, and that it was compared.
    assert statements() == 4
    assert await compare() == 0


async def test_of_one_title_each_is_compared_with_the_oldest(add, compare, sql):
    for n in range(MOST_OF_ONE + 5):
        await add(str(n), "Untitled", release_date=YEAR, book=written())
    assert await compare() == MOST_OF_ONE + 5
    among_the_oldest = MOST_OF_ONE * (MOST_OF_ONE - 1) // 2
    count = "select count(*) from catalog.suspects"
    assert await sql(count) == [(among_the_oldest + 5 * MOST_OF_ONE,)]
    await add("another", "Untitled", release_date=YEAR, book=written())
    assert await compare() == 1
    assert await sql(count) == [(among_the_oldest + 6 * MOST_OF_ONE,)]


async def test_of_one_id_the_oldest_are_compared(add, compare, sql):
    ids = [await add(word, word, book=written(isbn_13=LONG)) for word in WORDS[: MOST_OF_ONE + 2]]
    await compare()
    found = set(await sql("select one_id::text, other_id::text from catalog.suspects"))
    assert found == set(combinations(ids[:MOST_OF_ONE], 2))


async def test_absorbed_works_are_nobodys_twins(add, compare, pairs, sql):
    """Nor do they take the places of others among the oldest."""
    fields = {"release_date": YEAR, "book": written(isbn_13=LONG)}
    ids = [await add(word, word, **fields) for word in WORDS[: MOST_OF_ONE + 2]]
    kept, *gone, last = ids
    values = {"kept": UUID(kept), "gone": list(map(UUID, gone))}
    await sql(
        "update catalog.media_items set merged_into = :kept where id = any(:gone) returning 1",
        **values,
    )
    await sql(
        "delete from catalog.item_search where media_item_id = any(:gone) returning 1", **values
    )
    await compare()
    assert await pairs() == {(kept, last)}
    later = await add("later", WORDS[1], **fields)
    await compare()
    assert await pairs() == {(kept, last), (kept, later), (last, later)}


async def test_no_more_is_merged_at_once_than_is_soon_done(add, compare, sql):
    for n in range(MOST_MERGES + 2):
        for source in "ab":
            await add(f"{source}{n}", WORDS[n])
    for n in range(MOST_MERGES + 2):
        for source in "ab":
            isbn = written(isbn_13=isbn_of(n))
            await add(f"{source}{n}", WORDS[n], book=isbn, refresh=True)
    merged = "select count(*) from catalog.media_items where merged_into is not null"
    done = await compare()
    assert done.has_more
    assert done.dealt_with == 2 * MOST_MERGES
    assert await sql(merged) == [(MOST_MERGES,)]
    assert await compare() == MOST_MERGES + 4
    assert await sql(merged) == [(MOST_MERGES + 2,)]


async def test_what_changes_meanwhile_is_compared_again(add, compare, database):
    work = await add("a", "Tidewatch")
    async with database.sessions.begin() as session:
        due = await repository.due(session, 10)
    await add("a", "The Quiet Harbour", refresh=True)
    async with database.sessions.begin() as session:
        await repository.note_compared(session, due)
        (again,) = await repository.due(session, 10)
    assert str(again.id) == work
    assert again.version > due[0].version


async def test_by_other_rules_of_titles_there_are_other_twins(add, compare, pairs, database, sql):
    ids = [await add(n, "Tidewatch", release_date=YEAR, book=written()) for n in "ab"]
    await sql(
        "update catalog.item_search set is_stale = true, sort_key = 'tide watch'"
        " where media_item_id = :work returning 1",
        work=UUID(ids[0]),
    )
    await compare()
    assert await pairs() == set()
    async with database.sessions.begin() as session:
        assert await index_stale(session, 10) == 1
    assert await compare() == 1
    assert await pairs() == {tuple(ids)}
    async with database.sessions.begin() as session:
        assert await index_stale(session, 10) == 0
