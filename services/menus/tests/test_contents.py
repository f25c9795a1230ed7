"""What menus tell of their contents: which works are in which menus."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, text

from menus import service
from menus.documents import service as documents
from menus.models import Outbox
from menus.snapshots import service as snapshots
from tastebuds.menus.v1.menu_events_pb2 import MenuContentsChanged
from tastebuds.menus.v1.menu_service_pb2 import NewCourse, NewCourseItem

NAME = MenuContentsChanged.DESCRIPTOR.full_name


@pytest.fixture
def told(database):
    """`await told()`: what was told since it was last asked."""
    seen = [0]

    async def read():
        asked = select(Outbox.id, Outbox.payload).where(Outbox.subject == NAME, Outbox.id > seen[0])
        async with database.readers() as session:
            rows = (await session.execute(asked.order_by(Outbox.id))).all()
        seen[0] = max((row.id for row in rows), default=seen[0])
        return [MenuContentsChanged.FromString(row.payload) for row in rows]

    return read


def course(title, *works):
    return NewCourse(title=title, items=[NewCourseItem(media_item_id=work) for work in works])


def places(event):
    return {placement.media_item_id: placement.count for placement in event.placements}


async def test_a_new_menu_is_told_with_its_works(ana, catalogue, told):
    one, other = catalogue.add_many(2)
    menu = await ana.create("Sea", [course("a", one, other), course("b", one)], is_public=True)
    (event,) = await told()
    assert (event.menu_id, event.owner_id) == (menu.id, str(ana.id))
    assert (event.revision, event.is_deleted, event.is_public) == (1, False, True)
    assert (event.slug, event.title, event.course_count) == ("sea", "Sea", 2)
    assert places(event) == {one: 2, other: 1}


async def test_an_edit_tells_once_and_only_of_what_others_need_to_know(ana, catalogue, told):
    one, other = catalogue.add_many(2)
    menu = await ana.create("Sea", [course("a", one), course("b")])
    first, second = (course.id for course in menu.courses)
    item = menu.courses[0].items[0].id
    await told()
    await ana.update(menu.id, description="Deep")
    await ana.update_course(menu.id, first, title="c")
    await ana.update_item(menu.id, item, notes="x")
    await ana.move_item(menu.id, item, second)
    await ana.reorder_courses(menu.id, [second, first])
    assert await told() == []
    added = await ana.add_item(menu.id, first, other)
    await ana.update(menu.id, title="Ebb")
    await ana.update(menu.id, is_public=True)
    await ana.delete_item(menu.id, added.id)
    await ana.add_course(menu.id, "d")
    await ana.delete_course(menu.id, second)
    events = await told()
    assert [event.revision for event in events] == [2, 3, 4, 5, 6, 7]
    assert [event.title for event in events] == ["Sea", *["Ebb"] * 5]
    assert [event.is_public for event in events] == [False, False, *[True] * 4]
    assert [event.course_count for event in events] == [2, 2, 2, 2, 3, 2]
    assert [places(event) for event in events] == [
        *[{one: 1, other: 1}] * 3,
        {one: 1},
        {one: 1},
        {},
    ]


async def test_a_refused_edit_tells_nothing(ana, catalogue, told, refused):
    menu = await ana.create("Sea", [course("a")])
    await told()
    async with refused("MEDIA_ITEM_NOT_FOUND"):
        await ana.add_item(menu.id, menu.courses[0].id, str(ana.id))
    async with refused("STALE_EDIT"):
        await ana.update(menu.id, title="Ebb", expected_updated_at={"seconds": 1})
    assert await told() == []


async def test_edits_at_once_are_told_in_their_order(ana, catalogue, told):
    menu = await ana.create("Sea", [course("a")])
    works = catalogue.add_many(8)
    await asyncio.gather(*(ana.add_item(menu.id, menu.courses[0].id, work) for work in works))
    events = await told()
    last = max(events, key=lambda event: event.revision)
    assert sorted(event.revision for event in events) == list(range(1, 10))
    assert places(last) == dict.fromkeys(works, 1)


async def test_a_deleted_menu_is_told_and_nothing_comes_after(ana, catalogue, told):
    menu = await ana.create("Sea", [course("a", *catalogue.add_many(2))])
    await told()
    await ana.delete(menu.id)
    (event,) = await told()
    assert event.is_deleted
    assert event.menu_id == menu.id
    assert event.revision == 2**63 - 1
    assert not event.title
    assert not event.placements


async def test_whoever_leaves_takes_all_menus_along(ana, person, told, database):
    menus = [await ana.create(title) for title in ("Sea", "Land")]
    await person().create("Sky")
    await told()
    async with database.sessions.begin() as session:
        await service.forget_user(session, user_id=ana.id)
    events = await told()
    assert {event.menu_id for event in events} == {menu.id for menu in menus}
    assert all(event.is_deleted for event in events)


async def test_a_work_that_looks_different_is_no_news(ana, catalogue, told, database):
    work = catalogue.add("Tidewatch")
    menu = await ana.create("Sea", [course("a", work)], is_public=True)
    await told()
    async with database.sessions.begin() as session:
        await session.execute(text("update menus.media_snapshots set title = 'Low Water'"))
        await snapshots.rebuild_documents(session, UUID(work), after=None)
    assert (await ana.get(menu.id)).courses[0].items[0].media_item.title == "Low Water"
    assert await told() == []


async def test_menus_of_an_older_version_are_told_in_batches(
    ana, catalogue, told, database, events
):
    work = catalogue.add()
    menus = [
        await ana.create(str(number), [course("a", work)], is_public=True) for number in range(3)
    ]
    async with database.sessions.begin() as session:
        statement = "update menus.documents set contents = null, contents_revision = 0"
        await session.execute(text(statement))
    await told()
    for count in (2, 1, 0):
        async with database.sessions.begin() as session:
            assert await documents.tell_untold(session, 2) == count
    news = await told()
    assert {event.menu_id for event in news} == {menu.id for menu in menus}
    assert all(places(event) == {work: 1} and event.revision == 1 for event in news)
    assert await events() == ["MenuPublished"] * 3


async def test_a_menu_that_is_edited_just_now_is_left_to_its_editor(ana, database):
    menu = await ana.create("Sea")
    async with database.sessions.begin() as session:
        await session.execute(text("update menus.documents set contents = null"))
    async with database.sessions.begin() as editing, database.sessions.begin() as session:
        lock = text("select 1 from menus.menus where id = :id for no key update")
        await editing.execute(lock, {"id": menu.id})
        assert await documents.tell_untold(session, 10) == 0
