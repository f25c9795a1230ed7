"""What a person seems to like: computed, kept, and computed anew."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from catalog.consumers import HANDLERS
from catalog.taste.service import Profiles
from common.db import now
from tastebuds.auth.v1.account_events_pb2 import UserDeleted
from tastebuds.catalog.v1 import media_pb2, taste_service_pb2
from tastebuds.menus.v1.menu_events_pb2 import MenuContentsChanged, MenuPlacement

from .works import book, upsert

DAY = timedelta(hours=24)


@pytest.fixture
def person():
    return uuid4()


@pytest.fixture
def profile(taste, people, person):
    """`await profile(refresh=True)`."""

    async def read(by=None, **fields):
        request = taste_service_pb2.GetTasteProfileRequest(**fields)
        reply = await taste.GetTasteProfile(request, metadata=people.metadata(by or person))
        return reply.profile

    return read


@pytest.fixture
def run(database):
    """`await run("insert …", name=value)`."""

    async def execute(statement, **values):
        async with database.sessions.begin() as session:
            await session.execute(text(statement), values)

    return execute


@pytest.fixture
def add_state(run, person):
    async def add(work, status="consumed", *, favorite=False, rating=None, at=None):
        await run(
            """insert into catalog.user_states
                 (id, user_id, media_item_id, status, favorite, rating, updated_at)
               values (:id, :user_id, :work, :status, :favorite, :rating, :at)""",
            id=uuid4(),
            user_id=person,
            work=UUID(work),
            status=status,
            favorite=favorite,
            rating=rating,
            at=at or now(),
        )

    return add


@pytest.fixture
def add_log(run, person):
    async def add(work, log_type="finished", minutes=None):
        await run(
            """insert into catalog.user_logs
                 (id, user_id, media_item_id, log_type, minutes_spent, logged_at, created_at,
                  updated_at)
               values (:id, :user_id, :work, :log_type, :minutes, :at, :at, :at)""",
            id=uuid4(),
            user_id=person,
            work=UUID(work),
            log_type=log_type,
            minutes=minutes,
            at=now(),
        )

    return add


@pytest.fixture
def add_tag(run):
    async def add(name, owner_id, *works):
        tag_id = uuid4()
        await run(
            "insert into catalog.tags (id, owner_id, name, created_at) values (:i, :o, :n, now())",
            i=tag_id,
            o=owner_id,
            n=name,
        )
        for work in works:
            await run(
                "insert into catalog.media_item_tags (media_item_id, tag_id) values (:w, :t)",
                w=UUID(work),
                t=tag_id,
            )

    return add


@pytest.fixture
def add_menu(database):
    async def add(owner_id, places):
        event = MenuContentsChanged(
            menu_id=str(uuid4()),
            owner_id=str(owner_id),
            revision=1,
            course_count=3,
            placements=(
                MenuPlacement(media_item_id=work, count=count) for work, count in places.items()
            ),
        )
        async with database.sessions.begin() as session:
            await HANDLERS[MenuContentsChanged](session, event)

    return add


@pytest.fixture
async def works(ingest):
    """A book, a film, a game and a record."""
    items = [
        book(
            "Tidewatch",
            release_date="1994-05-01",
            metadata_json='{"categories": ["Sea", 7, {"no": "name"}]}',
            book=media_pb2.Book(authors=["Ana Maré"]),
        ),
        media_pb2.MediaItem(
            media_type=media_pb2.MEDIA_TYPE_MOVIE,
            title="Tidewatch",
            release_date="1999-01-01",
            metadata_json='{"genres": ["Sea", "Drama"]}',
            screen=media_pb2.Screen(directors=["Ana Maré", "Bo Lin"]),
        ),
        media_pb2.MediaItem(
            media_type=media_pb2.MEDIA_TYPE_GAME,
            title="Harbour",
            metadata_json='{"genres": "none"}',
            game=media_pb2.Game(developers=["Quay"], genres=["Puzzle"]),
        ),
        media_pb2.MediaItem(
            media_type=media_pb2.MEDIA_TYPE_MUSIC,
            title="Ebb",
            metadata_json='{"tags": {"odd": 1}}',
            music=media_pb2.Music(artist_name="Cy"),
        ),
    ]
    return [
        (await ingest.UpsertMedia(upsert(item, str(place)))).item.id
        for place, item in enumerate(items)
    ]


def tallies(found):
    return {one.name: one.count for one in found}


async def test_nobody_is_too_new_for_a_profile(profile, person):
    found = await profile()
    assert found.user_id == str(person)
    assert UUID(found.id)
    assert found.signal_media_count == found.menu_count == found.minutes_spent == 0
    assert not found.top_creators
    assert not found.media_type_counts


async def test_a_profile_counts_and_explains_itself(
    profile, person, works, add_state, add_log, add_tag, add_menu
):
    novel, film, game, record = works
    other = uuid4()
    await add_state(novel, favorite=True, rating=9)
    await add_state(film, "want_to_consume")
    await add_state(game, "dropped")
    await add_log(novel, minutes=90)
    await add_log(novel, "progress", minutes=30)
    await add_menu(person, {novel: 2, record: 1})
    await add_menu(person, {novel: 1})
    await add_menu(other, {game: 5})
    await add_tag("Rainy", person, novel, film)
    await add_tag("rainy", None, game)
    await add_tag("secret", other, novel)
    found = await profile()
    assert (found.menu_count, found.course_count, found.item_count) == (2, 6, 4)
    assert (found.favorite_count, found.minutes_spent) == (1, 120)
    book_, movie, game_, music = (
        getattr(media_pb2, f"MEDIA_TYPE_{name}") for name in ("BOOK", "MOVIE", "GAME", "MUSIC")
    )
    assert {one.media_type: one.count for one in found.media_type_counts} == {
        book_: 1,
        movie: 1,
        game_: 1,
        music: 1,
    }
    assert {one.media_type: one.count for one in found.menu_media_type_counts} == {
        book_: 3,
        music: 1,
    }
    assert tallies(found.log_counts) == {"finished": 1, "progress": 1}
    assert list(tallies(found.top_tags).values()) == [3]
    assert (found.signal_media_count, found.signal_log_count) == (4, 2)
    assert (found.signal_state_count, found.signal_tag_count) == (3, 2)
    ana, cy, bo = found.top_creators
    assert (ana.name, cy.name, bo.name) == ("Ana Maré", "Cy", "Bo Lin")
    assert ana.because == "1 finished, 1 favourite, rated 9, in 2 menus, 1 wanted"
    assert ana.weight > cy.weight > bo.weight
    assert [one.name for one in found.top_genres] == ["Sea", "Drama"]
    assert [one.name for one in found.top_decades] == ["1990s"]


async def test_it_is_kept_for_a_while_and_anew_when_asked(profile, works, add_state, statements):
    first = await profile()
    await add_state(works[0])
    statements()
    kept = await profile()
    assert statements() == 1
    assert kept == first
    anew = await profile(refresh=True)
    assert statements() == 3
    assert anew.signal_state_count == 1
    assert anew.id == first.id
    assert anew.generated_at.ToDatetime() > first.generated_at.ToDatetime()
    assert await profile() == anew


async def test_it_is_computed_again_when_it_is_old(profile, works, add_state, run):
    await profile()
    await add_state(works[0])
    await run("update catalog.taste_profiles set checked_at = now() - interval '23 hours'")
    assert (await profile()).signal_state_count == 0
    await run("update catalog.taste_profiles set checked_at = now() - interval '25 hours'")
    assert (await profile()).signal_state_count == 1


async def test_one_that_lives_for_ever_stays(database, profile, person, run):
    await profile()
    await run("update catalog.taste_profiles set checked_at = now() - interval '10 years'")
    for_ever = Profiles(None)
    async with database.sessions.begin() as session:
        assert await for_ever.find_fresh(session, person)
        assert await for_ever.sweep(session, 10) == 0


async def test_the_sweep_looks_at_old_ones_and_computes_what_changed(
    profile, database, works, add_state, run, sql, person
):
    profiles = Profiles(DAY)

    async def sweep(most=10):
        async with database.sessions.begin() as session:
            return await profiles.sweep(session, most)

    stranger, gone = uuid4(), uuid4()
    for one in (person, stranger, gone):
        await profile(by=one)
    assert await sweep() == 0
    await run(
        """update catalog.taste_profiles
           set checked_at = now() - interval '2 days', generated_at = now() - interval '3 days'"""
    )
    unasked = "update catalog.taste_profiles set asked_at = now() - interval '31 days'"
    await run(f"{unasked} where user_id = :gone", gone=gone)
    await add_state(works[0])
    assert await sweep(2) == 2
    assert await sweep(2) == 1
    assert await sweep(2) == 0
    rows = await sql(
        "select user_id, generated_at > now() - interval '1 day' from catalog.taste_profiles"
    )
    assert dict(map(tuple, rows)) == {person: True, stranger: False}
    assert (await profile()).signal_state_count == 1
    assert (await profile(by=stranger)).signal_state_count == 0


async def test_that_it_is_asked_for_is_noted_once_a_day(profile, run, sql, statements):
    await profile()
    await run("update catalog.taste_profiles set asked_at = now() - interval '2 days'")
    statements()
    await profile()
    await profile()
    assert statements() == 3
    assert await sql(
        "select 1 from catalog.taste_profiles where asked_at > now() - interval '1 hour'"
    )


async def test_whoever_leaves_leaves_no_profile(profile, person, database, sql):
    await profile()
    await profile(by=uuid4())
    async with database.sessions.begin() as session:
        await HANDLERS[UserDeleted](session, UserDeleted(user_id=str(person)))
    assert len(await sql("select 1 from catalog.taste_profiles")) == 1
