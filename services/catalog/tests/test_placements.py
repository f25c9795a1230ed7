"""Which works are in which menus, as the events of menus tell."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from catalog.consumers import HANDLERS
from catalog.placements import repository
from catalog.placements.menus import Appearance
from catalog.placements.service import DeletedMenus
from tastebuds.menus.v1.menu_events_pb2 import MenuContentsChanged, MenuPlacement

from .works import book, upsert

MOST = 20


@pytest.fixture
async def works(ingest):
    """Ids of three works."""
    titles = ("Tidewatch", "The Quiet Harbour", "Low Water")
    replies = [await ingest.UpsertMedia(upsert(book(title), title)) for title in titles]
    return [reply.item.id for reply in replies]


@pytest.fixture
def tell(database):
    """`await tell(menu_id, revision, {work: count})`."""

    async def say(menu_id, revision, places=(), **fields):
        event = MenuContentsChanged(
            **{
                "menu_id": str(menu_id),
                "owner_id": str(uuid4()),
                "revision": revision,
                "is_public": True,
                "slug": "sea",
                "title": "Sea",
                "course_count": 1,
                "placements": [
                    MenuPlacement(media_item_id=work, count=count)
                    for work, count in dict(places).items()
                ],
            }
            | fields
        )
        async with database.sessions.begin() as session:
            await HANDLERS[MenuContentsChanged](session, event)

    return say


@pytest.fixture
def appearances(database):
    async def read(work, most=MOST):
        async with database.readers() as session:
            return await repository.appearances(session, UUID(work), most)

    return read


@pytest.fixture
def placed(sql):
    async def read():
        rows = await sql("select media_item_id, count from catalog.menu_placements")
        return {str(row.media_item_id): row.count for row in rows}

    return read


async def test_a_menu_is_copied_with_its_works(tell, placed, appearances, works, statements):
    one, other, third = works
    menu_id = uuid4()
    statements()
    await tell(menu_id, 1, {one: 2, other: 1})
    assert statements() == 2
    assert await placed() == {one: 2, other: 1}
    await tell(menu_id, 2, {one: 3, third: 1}, title="Ebb", slug="ebb")
    assert await placed() == {one: 3, third: 1}
    found = await appearances(one)
    assert found.latest == (Appearance("ebb", "Ebb"),)
    assert found.count == 1
    assert (await appearances(other)).count == 0


async def test_what_comes_late_or_twice_changes_nothing(tell, placed, appearances, works):
    one, other, _ = works
    menu_id = uuid4()
    await tell(menu_id, 7, {one: 1})
    await tell(menu_id, 6, {other: 1}, title="Before")
    await tell(menu_id, 7, {other: 1}, title="Again")
    assert await placed() == {one: 1}
    assert (await appearances(one)).latest == (Appearance("sea", "Sea"),)


async def test_a_deleted_menu_is_gone_whatever_comes_late(tell, placed, appearances, works, sql):
    menu_id = uuid4()
    await tell(menu_id, 1, {works[0]: 1})
    await tell(menu_id, 3, is_deleted=True)
    await tell(menu_id, 2, {works[0]: 1})
    assert await placed() == {}
    assert (await appearances(works[0])).count == 0
    ((owner_id, title, slug, revision),) = await sql(
        "select owner_id, title, slug, revision from catalog.menu_copies"
    )
    assert (owner_id, title, slug, revision) == (None, "", "", 3)


async def test_only_public_menus_are_told_of_last_changed_first(tell, appearances, works):
    work = works[0]
    menus = [uuid4() for _ in range(4)]
    for number, menu_id in enumerate(menus):
        await tell(menu_id, 1, {work: 1}, slug=f"m{number}", is_public=number != 1)
    await tell(menus[0], 2, {work: 1}, slug="m0")
    found = await appearances(work, most=2)
    assert [appearance.slug for appearance in found.latest] == ["m0", "m3"]
    assert found.count == 3


async def test_works_the_catalogue_does_not_have_are_left_out(tell, placed, works):
    await tell(uuid4(), 1, {works[0]: 1, str(uuid4()): 4})
    assert await placed() == {works[0]: 1}


async def test_an_absorbed_work_means_its_survivor(tell, placed, works, database):
    survivor, absorbed, _ = works
    async with database.sessions.begin() as session:
        statement = text("update catalog.media_items set merged_into = :into where id = :id")
        await session.execute(statement, {"into": UUID(survivor), "id": UUID(absorbed)})
    await tell(uuid4(), 1, {survivor: 1, absorbed: 2})
    assert await placed() == {survivor: 3}


async def test_deleted_menus_are_forgotten_in_the_end(tell, database, sql, works):
    gone, kept = uuid4(), uuid4()
    await tell(gone, 1, is_deleted=True)
    await tell(kept, 1, {works[0]: 1})
    for kept_for, count in ((timedelta(days=1), 0), (timedelta(0), 1)):
        async with database.sessions.begin() as session:
            assert await DeletedMenus(kept_for).sweep(session, 10) == count
    assert await sql("select menu_id from catalog.menu_copies") == [(kept,)]
