"""Filters, what is counted by type, and pages."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from catalog.ranking import repository as ranking
from catalog.ranking.service import SIZES
from tastebuds.catalog.v1 import availability_service_pb2 as availability_pb
from tastebuds.catalog.v1 import media_pb2 as media
from tastebuds.catalog.v1 import tag_service_pb2

from .library_desk import NOTE, WANTED, refused
from .search_desk import BOOK, GAME, KINDS, MOVIE, MUSIC, work

SHELF = (
    work("Tide tables", release_date="1899-12-31", book=media.Book(authors=["Ada Finch"])),
    work("Tide and time", release_date="1990-01-01", book=media.Book(authors=["Bo Tide"])),
    work("Low tide", MOVIE, release_date="1999-12-31", screen=media.Screen(directors=["Ada Lark"])),
    work("High tide", GAME, game=media.Game(developers=["The Who"])),
    work("Undertow", MUSIC, release_date="2005-06-01", description="The tide takes all."),
)


@pytest.fixture
async def shelf(finder):
    return await finder.load(*SHELF)


@pytest.mark.parametrize(
    ("years", "titles"),
    [
        ({"year_from": 1990, "year_to": 1999}, {"Tide and time", "Low tide"}),
        ({"year_from": 1999}, {"Low tide", "Undertow"}),
        ({"year_to": 1990}, {"Tide tables", "Tide and time"}),
        ({"year_from": 1899, "year_to": 1899}, {"Tide tables"}),
        ({"year_from": -5, "year_to": 2**31 - 1}, {one.title for one in SHELF} - {"High tide"}),
        ({"year_from": 1991, "year_to": 1998}, set()),
        ({"year_from": 2000, "year_to": 1990}, set()),
        ({"year_from": 2**31 - 1}, set()),
        ({"year_to": -(2**31)}, set()),
    ],
)
async def test_years_are_included_and_undated_works_are_not(finder, shelf, years, titles):
    reply = await finder.ask("tide", **years)
    assert {item.title for item in reply.items} == titles
    assert reply.total_count == len(titles) == sum(one.count for one in reply.type_counts)


@pytest.mark.parametrize(
    ("creator", "titles"),
    [
        ("ada", {"Tide tables", "Low tide"}),
        ("Ada FINCH", {"Tide tables"}),
        ("finch, ada", {"Tide tables"}),
        ("tide", {"Tide and time"}),
        ("the who", {"High tide"}),
        ("nobody", set()),
        ("'; drop:* & | !", set()),
        (" ", {one.title for one in SHELF}),
    ],
)
async def test_a_creator_is_asked_for_by_words_of_the_name(finder, shelf, creator, titles):
    assert set(await finder.titles("tide", creator=creator)) == titles


async def test_types_are_counted_whatever_types_are_asked_for(finder, shelf):
    everything = {BOOK: 2, MOVIE: 1, GAME: 1, MUSIC: 1}
    assert await finder.counts("tide") == everything
    reply = await finder.ask("tide", media_types=[GAME])
    assert [item.title for item in reply.items] == ["High tide"]
    assert reply.total_count == 1
    assert not reply.total_is_estimate
    assert await finder.counts("tide", media_types=[GAME]) == everything
    assert await finder.counts("tide", media_types=[GAME], year_to=1999) == {BOOK: 2, MOVIE: 1}
    assert await finder.counts("tied", media_types=[GAME]) == everything  # a typo
    assert await finder.counts("low tid", media_types=[BOOK]) == {MOVIE: 1}  # unfinished


async def test_only_what_is_in_the_persons_library(finder, desk, shelf):
    await desk.put(shelf[0], WANTED)
    await desk.write(shelf[3], NOTE)
    await desk.of(uuid4()).put(shelf[1], WANTED)
    mine = finder.of(desk.user_id)
    assert set(await mine.titles("tide", in_library=True)) == {"Tide tables", "High tide"}
    assert await mine.counts("tide", in_library=True, media_types=[MOVIE]) == {BOOK: 1, GAME: 1}
    assert await mine.titles("tide tab", in_library=True) == ["Tide tables"]
    assert await finder.of(uuid4()).titles("tide", in_library=True) == []
    await refused("INVALID_TOKEN", finder.ask("tide", in_library=True))


async def test_a_hit_says_whether_it_is_in_the_library_in_the_same_statement(
    finder, desk, shelf, statements
):
    await desk.put(shelf[2], WANTED)
    statements()
    reply = await finder.of(desk.user_id).ask("tide")
    assert statements() == 1
    assert list(reply.in_library_ids) == [shelf[2]]
    assert not (await finder.ask("tide")).in_library_ids


async def test_a_hit_says_where_it_can_be_had(finder, availability, people, shelf):
    await availability.PutAvailability(
        availability_pb.PutAvailabilityRequest(
            media_item_id=shelf[4],
            entries=[availability_pb.NewAvailability(provider="Shelf", region="PT", format="loan")],
        ),
        metadata=people.metadata(uuid4(), ["admin"]),
    )
    (summary,) = (await finder.ask("tide")).availability
    assert (summary.media_item_id, list(summary.providers)) == (shelf[4], ["Shelf"])


async def test_all_of_the_tags_the_persons_own_or_everybodys(finder, tagging, people, shelf):
    person, admin, other = uuid4(), uuid4(), uuid4()

    async def tag(name, by, *works, **fields):
        metadata = people.metadata(by, ["admin"] if by == admin else [])
        request = tag_service_pb2.CreateTagRequest(name=name, **fields)
        made = (await tagging.CreateTag(request, metadata=metadata)).tag
        request = tag_service_pb2.AttachTagRequest(tag_id=made.id, media_item_ids=works)
        await tagging.AttachTag(request, metadata=metadata)

    await tag("Wet", person, shelf[0], shelf[1], shelf[4])
    await tag("Old", admin, shelf[0], shelf[2], is_shared=True)
    await tag("Mine", other, shelf[0])
    mine = finder.of(person)
    wet = {"Tide tables", "Tide and time", "Undertow"}
    assert set(await mine.titles("tide", tags=["wet"])) == wet
    assert await mine.titles("tide", tags=["WET", " old ", "wet"]) == ["Tide tables"]
    assert await mine.titles("tide", tags=["wet", "mine"]) == []
    assert await mine.titles("tide", tags=["wet"], in_library=True) == []
    assert await finder.titles("tide", tags=["wet"]) == []
    assert set(await finder.titles("tide", tags=["old"])) == {"Tide tables", "Low tide"}
    assert await mine.counts("tide", tags=["wet"], media_types=[BOOK]) == {BOOK: 2, MUSIC: 1}
    error = await refused("TOO_MANY", finder.ask("tide", tags=map(str, range(21))))
    assert error.metadata["field"] == "tags"


TIDES = 3000


@pytest.fixture
async def many(finder, database, sql):
    """So many tides in tiers of popularity: five times as many as search reads at once."""
    await finder.load(
        *((work(f"Tide {number}", KINDS[number % 5]), number) for number in range(400))
    )
    await sql(
        """
        with items as (
          insert into catalog.media_items
            (id, media_type, title, creators, popularity, version, created_at, updated_at)
          select gen_random_uuid(), (array['book', 'movie'])[1 + n % 2], 'Ebb ' || n, '{}', 0, 1,
            now(), now()
          from generate_series(1, :more) n
          returning id, title, media_type
        )
        insert into catalog.item_search
          (media_item_id, media_type, popularity, title_key, sort_key, head, document, tags)
        select id, media_type, -random(), lower(title), lower(title),
          to_tsvector('catalog.title_words', title), to_tsvector('catalog.words', 'the tide'),
          '{9}'
        from items returning 1
        """,
        more=TIDES - 400,
    )
    async with database.sessions.begin() as session:
        await ranking.draw_boundaries(session, SIZES)
        await ranking.retag_next(session, UUID(int=0), TIDES)
        await session.execute(text("analyze catalog.item_search"))


async def test_much_is_estimated_and_says_so(finder, many):
    reply = await finder.ask("tide")
    assert reply.total_is_estimate
    assert reply.total_count == pytest.approx(TIDES, rel=0.2)
    assert sum(one.count for one in reply.type_counts) == reply.total_count
    assert [item.title for item in reply.items] == [f"Tide {n}" for n in range(399, 379, -1)]
    for page in ({"offset": 40}, {"offset": 5000}, {"offset": 2**31 - 1}, {"page_size": 3}):
        assert (await finder.ask("tide", **page)).total_count == reply.total_count
    assert (await finder.ask("tide", offset=9_000)).items == []
    few = await finder.ask("tide", media_types=[GAME])
    assert few.total_count == 80
    exact = await finder.ask("tide 17")
    assert (exact.total_count, exact.total_is_estimate) == (1, False)


async def test_a_cursor_reaches_every_hit_once_in_the_order_of_offsets(finder, many):
    seen, token, pages = [], "", 0
    while token or not pages:
        reply = await finder.ask("tide", page_size=50, page_token=token)
        if pages in {0, 9, 30}:
            by_offset = await finder.ask("tide", page_size=50, offset=50 * pages)
            assert [one.id for one in by_offset.items] == [one.id for one in reply.items]
        seen += [one.id for one in reply.items]
        token, pages = reply.next_page_token, pages + 1
    assert len(seen) == len(set(seen)) == TIDES
    assert pages == TIDES / 50


async def test_a_cursor_of_a_type(finder, many):
    seen, token = [], "first"
    while token:
        token = "" if token == "first" else token
        reply = await finder.ask("tide", page_size=50, page_token=token, media_types=[MOVIE])
        seen += [one.id for one in reply.items]
        assert {one.media_type for one in reply.items} == {MOVIE}
        token = reply.next_page_token
    assert len(seen) == len(set(seen)) == reply.total_count == 80 + (TIDES - 400) / 2


async def test_a_cursor_is_of_one_question(finder, shelf):
    token = (await finder.ask("tide", page_size=2)).next_page_token
    assert (await finder.titles("TIDE", page_size=2, page_token=token))[0] != "x"
    for other in ({"media_types": [BOOK]}, {"year_to": 2000}, {"creator": "ada"}):
        await refused("INVALID_PAGE", finder.ask("tide", page_token=token, **other))
    await refused("INVALID_PAGE", finder.ask("tides of war", page_token=token))
    for nonsense in ("x", token[:-4], "ä", "A" * 44):
        error = await refused("INVALID_PAGE", finder.ask("tide", page_token=nonsense))
        assert error.metadata["field"] == "page_token"
    last = await finder.ask("tide", page_size=5)
    assert len(last.items) == 5
    assert last.next_page_token == ""
