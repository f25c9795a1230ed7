"""The list under the search box."""

from uuid import UUID

import grpc
import pytest

from catalog.ranking import repository as ranking
from common.grpc_errors import from_rpc_error
from tastebuds.catalog.v1 import media_pb2 as media

from .search_desk import BOOK, GAME, MOVIE, work

TIDES = [(work(f"Tide {number}"), number) for number in range(20)]


async def test_titles_that_begin_so_the_best_known_first_in_one_statement(finder, statements):
    await finder.load(*TIDES, work("A rising tide"), work("Timber"))
    statements()
    assert await finder.suggested("tid") == [f"Tide {number}" for number in range(19, 11, -1)]
    assert statements() == 1
    assert len(await finder.suggested("t", limit=3)) == 3
    assert (await finder.suggested("ti"))[0] == "Tide 19"


async def test_a_suggestion_says_what_tells_it_from_others(finder):
    dated = work(
        "Tidewatch",
        release_date="1999-03-31",
        cover_image_url="https://covers.example.org/tidewatch.jpg",
        book=media.Book(authors=["Ada Finch"]),
    )
    (media_item_id, _) = await finder.load(dated, work("Timber", GAME))
    (one,) = await finder.suggest("tide")
    assert one.media_item_id == media_item_id
    assert (one.media_type, one.title, list(one.creators)) == (BOOK, "Tidewatch", ["Ada Finch"])
    assert (one.year, one.cover_image_url) == (1999, dated.cover_image_url)
    (other,) = await finder.suggest("timb")
    assert not other.HasField("year")
    assert not other.HasField("cover_image_url")


@pytest.mark.parametrize(
    "typed",
    [
        "q",
        "Q",
        "qu",
        "qui",
        "quiet",
        "quiet h",
        "the q",
        "the quiet h",
        "THE QUIET HARBOUR",
        "qüiet",
    ],
)
async def test_articles_case_and_accents_make_no_difference(finder, typed):
    await finder.load(work("The Quiet Harbour"), work("Tidewatch"))
    assert await finder.suggested(typed) == ["The Quiet Harbour"]


async def test_works_with_the_word_come_best_known_first_whatever_their_tier(finder, database, sql):
    """The few of the first tier do not hide those of the next ones."""
    await finder.load(*((work(f"{number} rising tides"), number) for number in range(100)))
    async with database.sessions.begin() as session:
        await ranking.draw_boundaries(session, [2, 10, 50])
        await ranking.retag_next(session, UUID(int=0), 1000)
    best = [f"{number} rising tides" for number in range(99, 91, -1)]
    assert await finder.suggested("tide", limit=2) == best[:2]
    assert await finder.suggested("tide") == await finder.suggested("tide", BOOK) == best
    assert await finder.suggested("tide", MOVIE) == []
    assert (await finder.titles("tides"))[:8] == best
    ((found, different),) = await sql(
        """select count(*), count(distinct id) from catalog.words_beginning(
             '{tide}', catalog.search_filter_of(null, null, null, null), 8)"""
    )
    assert found == different == 42


async def test_exactly_this_title_comes_first(finder):
    await finder.load((work("It happened"), 9000), (work("It"), 1), (work("Item"), 5000))
    assert (await finder.suggested("it"))[0] == "It"


async def test_any_word_of_title_or_name_from_three_letters_on(finder):
    await finder.load(
        work("The Quiet Harbour", book=media.Book(authors=["Ada Finch"])), work("Tidewatch")
    )
    for typed in ("har", "fin", "ada fin", "quiet fin"):
        assert await finder.suggested(typed) == ["The Quiet Harbour"]
    assert await finder.suggested("ha") == []


async def test_only_the_types_asked_for(finder):
    await finder.load(work("Tidewatch"), work("Tide", MOVIE), work("Tideland", GAME))
    assert set(await finder.suggested("tid", MOVIE, GAME)) == {"Tide", "Tideland"}
    assert await finder.suggested("t", BOOK) == ["Tidewatch"]


@pytest.mark.parametrize("typed", ["", " ", "\x00", "!!!", "???", "😀", "x" * 5000, "w " * 300])
async def test_nothing_typed_is_an_error(finder, typed):
    await finder.load(work("Tidewatch"))
    assert await finder.suggested(typed) == []


@pytest.mark.parametrize("limit", [-1, 9])
async def test_an_impossible_limit_is_refused(finder, limit):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await finder.suggest("tide", limit=limit)
    error = from_rpc_error(refused.value)
    assert (error.reason, error.metadata["field"]) == ("INVALID_PAGE", "limit")
