import asyncio

import orjson
import pytest

from menus.consumers import on_media_item_upserted
from tastebuds.catalog.v1.media_events_pb2 import MediaItemUpserted
from tastebuds.menus.v1 import course_service_pb2 as courses_pb
from tastebuds.menus.v1 import menu_service_pb2 as menus_pb
from tastebuds.menus.v1.menu_service_pb2 import NewCourse, NewCourseItem


@pytest.fixture(params=[False, True], ids=["private", "public"])
async def menu(request, ana, catalogue):
    """Course a with two works, course b with one."""
    works = [NewCourseItem(media_item_id=work) for work in catalogue.add_many(2)]
    courses = [NewCourse(title="a", items=works), NewCourse(title="b", items=works[:1])]
    return await ana.create("Sea", courses, is_public=request.param)


def of(person, document):
    return document[:-1] + f',"owner_id":"{person.id}"}}'.encode()


async def test_after_each_kind_of_edit_the_owner_reads_what_a_rebuild_would_give(
    ana, menu, catalogue, database, fresh
):
    a, b = menu.courses
    first, second = (item.id for item in a.items)
    works = catalogue.add_many(3)

    async def hear_of_a_newer_work():
        event = MediaItemUpserted(item=catalogue.items[a.items[0].media_item_id], version=1)
        event.item.title = "Dune Messiah"
        event.item.updated_at.GetCurrentTime()
        async with database.sessions.begin() as session:
            await on_media_item_upserted(session, event)

    edits = [
        lambda: ana.update(menu.id, title="Ocean"),
        lambda: ana.update(menu.id, description="Wet"),
        lambda: ana.update(menu.id, is_public=not menu.is_public),
        lambda: ana.update(menu.id, is_public=menu.is_public),
        lambda: ana.add_course(
            menu.id, "c", position=1, items=[NewCourseItem(media_item_id=works[0])]
        ),
        lambda: ana.update_course(menu.id, a.id, intent="why"),
        lambda: ana.add_item(menu.id, a.id, works[1]),
        lambda: ana.add_item(menu.id, b.id, works[2], position=1),
        lambda: ana.update_item(menu.id, first, notes="x"),
        lambda: ana.reorder_items(menu.id, b.id, ids_of_b[::-1]),
        lambda: ana.move_item(menu.id, second, b.id, position=1),
        hear_of_a_newer_work,
        lambda: ana.delete_item(menu.id, first),
        lambda: ana.reorder_courses(menu.id, ids[::-1]),
        lambda: ana.delete_course(menu.id, b.id),
    ]
    before = await ana.document(menu.id)
    assert before == of(ana, (await fresh(menu.id)).document)
    for edit in edits:
        courses = (await ana.get(menu.id)).courses
        ids = [course.id for course in courses]
        ids_of_b = [item.id for course in courses if course.id == b.id for item in course.items]
        await edit()
        now = await ana.document(menu.id)
        assert now != before
        assert now == of(ana, (await fresh(menu.id)).document)
        assert list((await ana.page()).documents) == [now]
        before = now


async def test_what_an_edit_answers_is_what_is_read_next(ana, menu, catalogue):
    ids = [course.id for course in menu.courses][::-1]
    work = NewCourseItem(media_item_id=catalogue.add(metadata_json='{"pages": 9}'), notes="é")
    requests = [
        (ana.menus.CreateMenu, menus_pb.CreateMenuRequest(title="Bare")),
        (
            ana.menus.CreateMenu,
            menus_pb.CreateMenuRequest(
                title="Full",
                description="f",
                is_public=menu.is_public,
                courses=[NewCourse(title="z", position=9, items=[work]), NewCourse(title="y")],
            ),
        ),
        (ana.menus.UpdateMenu, menus_pb.UpdateMenuRequest(menu_id=menu.id, title="Land")),
        (ana.menus.UpdateMenu, menus_pb.UpdateMenuRequest(menu_id=menu.id, title="Land")),
        (
            ana.menus.UpdateMenu,
            menus_pb.UpdateMenuRequest(menu_id=menu.id, is_public=not menu.is_public),
        ),
        (
            ana.courses.ReorderCourses,
            courses_pb.ReorderCoursesRequest(menu_id=menu.id, course_ids=ids),
        ),
    ]
    for rpc, request in requests:
        answered = (await ana.call(rpc, request)).document
        assert answered == await ana.document(orjson.loads(answered)["id"])


async def test_an_empty_menu_may_be_put_in_order(ana):
    empty = await ana.create("Empty")
    assert await ana.reorder_courses(empty.id, []) == empty


async def test_a_document_is_its_owners_with_one_field_more(ana, menu, read_public):
    document = await ana.document(menu.id)
    assert document.count(b"owner_id") == 1
    assert orjson.loads(document)["owner_id"] == str(ana.id)
    if menu.is_public:
        public = orjson.loads((await read_public("sea")).document)
        assert orjson.loads(document) == public | {"owner_id": str(ana.id)}


async def test_parallel_edits_end_in_the_document_of_the_last(ana, menu, catalogue, fresh):
    works = catalogue.add_many(10)
    await asyncio.gather(
        *(ana.add_item(menu.id, menu.courses[0].id, work, position=1) for work in works),
        *(ana.update_item(menu.id, item.id, notes="x") for item in menu.courses[0].items),
        ana.update(menu.id, title="Ocean"),
    )
    assert await ana.document(menu.id) == of(ana, (await fresh(menu.id)).document)
