"""Questions whose words the catalogue has otherwise: joined, apart, dated, not all of them."""

import pytest

from catalog.ranking import repository as ranking
from catalog.ranking.service import SIZES
from tastebuds.catalog.v1 import media_pb2 as media
from tastebuds.catalog.v1 import search_service_pb2 as pb

from .search_desk import GAME, MOVIE, work

TIDEWATCH = work("Tidewatch", book=media.Book(authors=["J. R. Ellison"]))
STAR_SAILORS = work("Star Sailors", MOVIE, release_date="1997-05-01")
SALT_1984 = work("The Salt Road", MOVIE, release_date="1984-01-01")
SALT_2018 = work("The Salt Road", MOVIE, release_date="2018-01-01")
SEVEN = work("Seven Bridges to Varnholm", book=media.Book(authors=["Tobias Wrenfield"]))
LANTERNFALL = work("Lanternfall II", GAME, subtitle="The Ember Road")
CLOCKMAKER = work(
    "The Clockmaker of Thornbury Lane", book=media.Book(authors=["Philippa Hartsomere"])
)
SHELF = (TIDEWATCH, STAR_SAILORS, SALT_1984, SALT_2018, SEVEN, LANTERNFALL, CLOCKMAKER)


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("tide watch", TIDEWATCH.title),
        ("tide watch ellison", TIDEWATCH.title),
        ("j r ellison", TIDEWATCH.title),
        ("jr ellison", TIDEWATCH.title),
        ("starsailors", STAR_SAILORS.title),
        ("star sail ors", STAR_SAILORS.title),
        ("clock maker of thorn bury lane", CLOCKMAKER.title),
        ("thornburylane", CLOCKMAKER.title),
        ("sevenbridgesto varnholm", SEVEN.title),
    ],
)
async def test_words_may_be_written_together_or_apart(finder, query, title):
    await finder.load(*SHELF)
    assert await finder.titles(query) == [title]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("7 bridges to varnholm", SEVEN.title),
        ("lanternfall 2", LANTERNFALL.title),
        ("lanternfall two", LANTERNFALL.title),
        ("lantern fall 2", LANTERNFALL.title),
    ],
)
async def test_a_number_is_the_same_in_letters(finder, query, title):
    await finder.load(*SHELF)
    reply = await finder.ask(query)
    assert [item.title for item in reply.items] == [title]
    assert reply.matched_by == pb.MATCHED_BY_CORRECTION


async def test_a_number_alone_is_no_other_word(finder):
    await finder.load(work("Tidewatch", subtitle="Book One"))
    assert await finder.titles("1") == []


@pytest.mark.parametrize(
    ("query", "year"),
    [("salt road 1984", "1984"), ("2018 the salt road", "2018"), ("slat road 2018", "2018")],
)
async def test_a_year_tells_works_of_one_title_apart(finder, query, year):
    await finder.load(*SHELF)
    reply = await finder.ask(query)
    assert [item.release_date[:4] for item in reply.items] == [year]


async def test_a_title_that_has_the_year_comes_first(finder):
    remake = work("Comet", MOVIE, release_date="1984-01-01")
    await finder.load(work("Comet 1984"), (remake, 9000))
    assert await finder.titles("comet 1984") == ["Comet 1984", "Comet"]


async def test_a_wrong_year_does_not_hide_the_work(finder):
    await finder.load(*SHELF)
    assert await finder.titles("tidewatch 1903") == ["Tidewatch"]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("the clockmaker of thornbury street", CLOCKMAKER.title),
        ("clockmaker thornbury by hannah hartmann", CLOCKMAKER.title),
        ("seven bridges to nowhere", SEVEN.title),
        ("tidewatch xyzzy", TIDEWATCH.title),
        ("the clockmaker of thornbry street", CLOCKMAKER.title),  # and a typo
    ],
)
async def test_most_of_the_words_are_enough_where_nothing_has_all(finder, query, title):
    await finder.load(*SHELF)
    reply = await finder.ask(query)
    assert [item.title for item in reply.items][:1] == [title]
    assert reply.matched_by == pb.MATCHED_BY_CORRECTION


async def test_of_two_known_words_none_may_be_missing(finder):
    await finder.load(*SHELF)
    assert await finder.titles("tidewatch clockmaker") == []


async def test_what_has_more_of_the_words_comes_first(finder):
    half, most = work("Quiet Harbour"), work("Quiet Harbour Nights")
    await finder.load((half, 9000), most, work("Noise"))
    assert await finder.titles("quiet harbour nights xyzzy") == [most.title, half.title]


async def test_nothing_is_left_out_where_something_has_all_words(finder):
    await finder.load(work("Quiet Harbour"), work("Notes", description="a quiet harbour at night"))
    assert await finder.titles("quiet harbour night") == ["Notes"]


@pytest.mark.parametrize(
    "query", ['"tide watch"', "star sailors -1997 -movie xyzzy", "xyzzy plugh", "starsailors or x"]
)
async def test_nobody_guesses_what_is_said_exactly_or_by_no_known_word(finder, query):
    await finder.load(*SHELF)
    assert await finder.titles(query) == []


async def test_what_may_have_been_meant_has_to_pass_the_filters_too(finder):
    await finder.load(*SHELF)
    assert await finder.titles("tide watch", media_types=[MOVIE]) == []
    assert await finder.titles("salt road 1984", year_from=2000) == ["The Salt Road"]
    assert await finder.titles("clockmaker thornbury street", creator="wrenfield") == []
    assert await finder.titles("clockmaker thornbury street", creator="hartsomere") == [
        CLOCKMAKER.title
    ]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("quiet nights", []),
        ("thornbury nights", [CLOCKMAKER.title]),
        ("clockmaker quiet thornbury", [CLOCKMAKER.title]),
        ("tide watch", [TIDEWATCH.title]),
    ],
)
async def test_a_catalogue_that_was_just_empty_is_searched_like_any_other(
    finder, database, query, titles
):
    async with database.sessions.begin() as session:
        await ranking.draw_boundaries(session, SIZES)
    await finder.load(*SHELF)
    assert await finder.titles(query) == titles


@pytest.mark.parametrize("letters", [3, 12, 20])
async def test_a_long_question_of_no_known_words_is_answered_soon(finder, letters):
    await finder.load(*SHELF)
    nonsense = " ".join("qxzvkwjy"[n % 8] * letters for n in range(12))
    assert await finder.titles(nonsense) == []
