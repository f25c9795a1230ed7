import asyncio
import json
from dataclasses import replace

import grpc
import pytest

from tastebuds.menus.v1.menu_service_pb2 import GetMenuRequest, NewCourse, NewCourseItem
from tastebuds.menus.v1.menu_service_pb2_grpc import MenuServiceStub

from .documents import read


@pytest.fixture
async def three_menus(ana, catalogue):
    """Fifteen items each, as the budget of GET /api/menus has it."""
    works = catalogue.add_many(15)
    courses = [
        NewCourse(title=f"c{n}", items=[NewCourseItem(media_item_id=work) for work in works[n::3]])
        for n in range(3)
    ]
    return [await ana.create(f"Menu {n}", courses) for n in range(3)]


async def test_own_menus_are_listed_whole_and_newest_first(ana, person, three_menus):
    await person().create("Foreign")
    assert await ana.list() == three_menus[::-1]
    assert (await ana.page()).next_page_token == ""
    assert not await person().list()


async def test_lists_and_reads_take_one_statement(ana, three_menus, counted):
    with counted() as statements:
        await ana.page()
    assert statements() == 1
    with counted() as statements:
        assert await ana.get(three_menus[0].id) == three_menus[0]
    assert statements() == 1


async def test_texts_are_whole_wherever_they_stand(ana, catalogue):
    items = [NewCourseItem(media_item_id=work, notes=work) for work in catalogue.add_many(3)]
    empty = await ana.create("Empty", description="e")
    courses = [
        NewCourse(title="a", description="da", intent="ia", items=items),
        NewCourse(title="b", description="db"),
        NewCourse(title="c", intent="ic", items=items[:1]),
    ]
    full = await ana.create("Full", courses, description="f")
    bare = await ana.create("Bare", [NewCourse(title="a")], description="b")
    assert await ana.list() == [bare, full, empty]
    assert [await ana.get(menu.id) for menu in (bare, full, empty)] == [bare, full, empty]


async def test_pages_follow_one_another(ana):
    made = [(await ana.create(f"Menu {n}")).id for n in range(5)]
    seen, token = [], ""
    for size in (2, 2, 1):
        reply = await ana.page(page_size=2, page_token=token)
        assert len(reply.documents) == size
        seen += [read(document).id for document in reply.documents]
        token = reply.next_page_token
    assert token == ""
    assert seen == made[::-1]


async def test_a_page_ends_early_when_it_grows_too_large(ana):
    long = [NewCourse(title=str(n), description="x" * 10_000) for n in range(50)]
    made = await asyncio.gather(*(ana.create(f"Menu {n}", long) for n in range(9)))
    reply = await ana.page()
    assert 0 < len(reply.documents) < 9
    assert reply.ByteSize() < 4_100_000
    rest = await ana.page(page_token=reply.next_page_token)
    listed = [read(document) for document in (*reply.documents, *rest.documents)]
    assert sorted(menu.id for menu in listed) == sorted(menu.id for menu in made)


@pytest.mark.parametrize("token", ["x", "AAAA", "ÿ", "A" * 32 + "\n", "f" + "_" * 31])
async def test_a_foreign_token_is_refused(ana, refused, token):
    async with refused("INVALID_PAGE") as seen:
        await ana.page(page_token=token)
    assert seen[0].metadata["field"] == "page_token"


@pytest.mark.parametrize("size", [-1, 101])
async def test_an_impossible_page_size_is_refused(ana, refused, size):
    async with refused("INVALID_PAGE") as seen:
        await ana.page(page_size=size)
    assert seen[0].metadata["field"] == "page_size"


async def test_ingest_reads_for_a_person_whether_a_menu_may_grow(ana, connect, three_menus):
    menu = three_menus[0]
    by_ingest = replace(ana, menus=MenuServiceStub(connect("ingest")))
    request = GetMenuRequest(menu_id=menu.id)
    reply = await by_ingest.call(by_ingest.menus.GetMenu, request)
    document = json.loads(reply.document)
    assert document["is_public"] is False
    assert [course["id"] for course in document["courses"]] == [one.id for one in menu.courses]
    with pytest.raises(grpc.aio.AioRpcError) as denied:
        await by_ingest.create("Not through here")
    assert denied.value.code() is grpc.StatusCode.PERMISSION_DENIED
