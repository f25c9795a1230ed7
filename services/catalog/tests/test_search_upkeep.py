"""What keeps search true: tiers of popularity, people who have works, entries of older rules."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from catalog.indexing.service import index_stale
from catalog.media import search_rows
from catalog.media.popularity import scaled
from catalog.ranking import repository
from catalog.ranking.service import count_holders, rank_next

from .library_desk import WANTED
from .search_desk import BOOK, GAME, MOVIE, work
from .works import upsert


@pytest.fixture
def sweep(database):
    """`await sweep(rank_next, limit)`: one batch."""

    async def run(batch, limit=1000):
        async with database.sessions.begin() as session:
            return await batch(session, limit)

    return run


@pytest.fixture
def popularity(sql):
    async def read(title):
        ((found,),) = await sql(
            "select popularity from catalog.item_search where title_key = lower(:title)",
            title=title,
        )
        return found

    return read


async def test_every_tier_is_as_large_as_it_is_meant_to_be(finder, database, sql, sweep):
    """Though nothing is known of any of these works. (Estimates for "tide" may be remembered.)"""
    await finder.load(*(work(f"Neap {n}", GAME if n % 4 else MOVIE) for n in range(100)))
    assert await sql("select distinct tier, tags[2] from catalog.item_search order by 2") == [
        (9, 29),
        (9, 49),
    ]
    async with database.sessions.begin() as session:
        await repository.draw_boundaries(session, [2, 10, 50])
        looked = await repository.retag_next(session, UUID(int=0), 1000)
    assert looked.looked_at == 100
    tiers = "select {}, count(*) from catalog.item_search group by 1 order by 1"
    assert await sql(tiers.format("tier")) == [(0, 2), (1, 8), (2, 40), (9, 50)]
    assert await sql(tiers.format("tags[2]")) == [
        *((20, 2), (21, 8), (29, 15)),
        *((40, 2), (41, 8), (42, 40), (49, 25)),
    ]
    assert await finder.counts("neap") == {MOVIE: 25, GAME: 75}
    assert len(await finder.titles("neap", media_types=[MOVIE], page_size=50)) == 25


async def test_the_sweep_goes_through_all_works_in_portions(finder, sql, sweep):
    await finder.load(*(work(f"Tide {n}") for n in range(25)))
    assert await sweep(rank_next, 10) == (10, True)
    await finder.load(*(work(f"Ebb {n}") for n in range(25)))
    assert await sweep(rank_next, 10) == (10, True)
    assert (await sweep(rank_next, 100)).has_more is False
    await sweep(rank_next, 100)
    assert await sweep(rank_next, 100) == (0, False)
    assert await sql("select distinct tier from catalog.item_search") == [(0,)]
    ((boundaries, works),) = await sql(
        "select boundaries, works from catalog.popularity_tiers where media_type = 'book'"
    )
    assert (boundaries, works) == ([], 50)


async def test_who_has_a_work_makes_it_better_known(finder, desk, sql, sweep, popularity):
    tide, ebb = await finder.load((work("Tide song"), 100), (work("Tide table"), 0))
    known = await popularity("tide song")
    people = [uuid4() for _ in range(5)]
    for person in people:
        await desk.of(person).put(ebb, WANTED)
    await sql(
        """
        with menu as (
          insert into catalog.menu_copies
            (menu_id, owner_id, revision, is_public, slug, title, course_count, changed_at)
          values (gen_random_uuid(), :owner, 1, true, 'm', 'M', 1, now()) returning menu_id
        )
        insert into catalog.menu_placements (menu_id, media_item_id, count)
        select menu_id, cast(:work as uuid), 2 from menu returning 1
        """,
        owner=people[0],  # who has it in the library as well
        work=ebb,
    )
    assert await sweep(count_holders) == 1
    assert await popularity("tide table") == pytest.approx(1.79, abs=0.01)  # ln(1 + 5)
    assert await popularity("tide song") == known
    assert await sweep(count_holders) == 0
    await desk.of(people[0]).clear(ebb)  # five of six: the menu still has it
    assert await sweep(count_holders) == 0
    for person in people[1:]:
        await desk.of(person).clear(ebb)
    await desk.put(tide, WANTED)
    assert await sweep(count_holders) == 2
    assert await popularity("tide table") == pytest.approx(0.69, abs=0.01)


async def test_a_refresh_leaves_who_has_a_work(finder, desk, ingest, sweep, popularity):
    (tide,) = await finder.load((work("Tide"), 100))
    await desk.put(tide, WANTED)
    await sweep(count_holders)
    await ingest.UpsertMedia(upsert(work("Tide"), "Tide 0", refresh=True, popularity=9000))
    assert await popularity("tide") == pytest.approx(scaled("google_books", 9000) + 0.69, abs=0.01)


async def test_a_word_is_as_well_known_as_the_best_known_work_that_has_it(finder, sql):
    known = []
    for count in (0, 50, 60, 10_000, 5):
        await finder.load((work(f"Tide {count}"), count))
        ((behind, at),) = await sql(
            """
            select max(s.popularity) - max(t.popularity) as behind, max(t.popularity) as at
            from catalog.search_terms t, catalog.item_search s where t.term = 'tide'
            """
        )
        assert 0 <= behind < search_rows.TERM_STEP
        known.append(at)
    # a little better known is not written down
    assert known[0] < known[1] == known[2] < known[3] == known[4]


OLD_VERSION_WRITES = """
with work as (
  insert into catalog.media_items
    (id, media_type, title, release_date, creators, popularity, version, created_at, updated_at)
  values (gen_random_uuid(), 'book', 'The Who knows', '1999-01-01', '{Åsa Finch}', 17, 1, now(),
    now())
  returning id, media_type, title, popularity
),
source as (
  insert into catalog.media_sources
    (id, media_item_id, source_name, external_id, raw_payload, raw_payload_bytes, popularity,
    fetched_at)
  select gen_random_uuid(), id, 'lastfm', 'x', '', 0, 5000, now() from work
)
insert into catalog.item_search
  (media_item_id, media_type, popularity, title_key, head, document)
select id, media_type, popularity, 'the who knows', vector, vector
from work, to_tsvector('catalog.english_unaccent', title) as vector
returning media_item_id
"""


async def test_what_the_version_before_writes_is_found_and_then_indexed_anew(
    finder, sql, sweep, popularity
):
    await sql(OLD_VERSION_WRITES)
    assert await finder.titles("knows") == ["The Who knows"]
    assert await finder.titles("knows", year_from=1990) == []
    assert await sweep(index_stale) == 1
    assert await sweep(index_stale) == 0
    assert await finder.titles("asa finch", year_from=1990, media_types=[BOOK]) == ["The Who knows"]
    assert await finder.titles("the who") == ["The Who knows"]
    assert await finder.suggested("who k") == ["The Who knows"]
    assert await popularity("the who knows") == pytest.approx(scaled("lastfm", 5000), abs=0.002)
    assert await sql("select popularity from catalog.media_items") == [
        pytest.approx((scaled("lastfm", 5000),))
    ]


async def test_the_version_before_finds_what_this_one_writes(finder, sql):
    await finder.load(work("The Quiet Harbour"), work("Tidewatch", description="A quiet night."))
    ((ids, total),) = await sql("select * from catalog.search_media('quiet', 'quiet', '{}', 0, 20)")
    assert (len(ids), total) == (2, 2)


async def test_works_held_by_somebody_are_left_for_later(finder, database, sql, sweep):
    await sql(OLD_VERSION_WRITES)
    async with database.sessions.begin() as session:
        await session.execute(text("select from catalog.media_items for update"))
        assert await sweep(index_stale) == 0
    assert await sweep(index_stale) == 1
