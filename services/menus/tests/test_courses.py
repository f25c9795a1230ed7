import asyncio
from uuid import uuid4

import pytest

from tastebuds.menus.v1.menu_service_pb2 import NewCourse, NewCourseItem


@pytest.fixture
async def menu(ana, catalogue):
    """Courses a, b, c at 1, 2, 3; the first with two items."""
    items = [NewCourseItem(media_item_id=id_) for id_ in catalogue.add_many(2)]
    return await ana.create(
        "Sea", [NewCourse(title="a", items=items), NewCourse(title="b"), NewCourse(title="c")]
    )


def places(menu):
    return {course.title: course.position for course in menu.courses}


async def test_a_course_comes_at_the_end_or_pushes_others_down(ana, menu, catalogue):
    work = catalogue.add()
    last = await ana.add_course(menu.id, "d", items=[NewCourseItem(media_item_id=work)])
    assert last.position == 4
    assert [item.media_item.title for item in last.items] == ["Dune"]
    await ana.delete_course(menu.id, menu.courses[2].id)
    pushing = await ana.add_course(menu.id, "e", position=1)
    now = await ana.get(menu.id)
    # c left a gap at 3: what lies behind it stays
    assert places(now) == {"e": 1, "a": 2, "b": 3, "d": 4}
    assert now.courses[0] == pushing
    assert now.courses[3] == last
    assert now.updated_at == menu.updated_at


async def test_a_course_of_an_added_request_names_its_fields(ana, menu, catalogue, refused):
    twice = [NewCourseItem(media_item_id=catalogue.add(), position=1)] * 2
    async with refused("POSITION_TAKEN") as seen:
        await ana.add_course(menu.id, "d", items=twice)
    assert seen[0].message == "items[1].position: 1 is taken by items[0]"
    async with refused("TEXT_BLANK"):
        await ana.add_course(menu.id, "")


async def test_a_course_is_changed_and_cleared(ana, menu):
    course = menu.courses[0]
    changed = await ana.update_course(
        menu.id, course.id, title="A", intent="why", expected_updated_at=course.updated_at
    )
    assert (changed.title, changed.intent) == ("A", "why")
    assert changed.items == course.items
    assert changed.updated_at.ToNanoseconds() > course.updated_at.ToNanoseconds()
    cleared = await ana.update_course(menu.id, course.id, intent="", description="")
    assert not cleared.HasField("intent")
    assert cleared.title == "A"
    assert (await ana.get(menu.id)).courses[0] == cleared
    again = await ana.update_course(menu.id, course.id, title="A")
    assert again == cleared  # nothing changed, so its time did not either


async def test_an_edit_of_a_course_seen_before_another_is_stale(ana, menu, refused):
    seen_at = menu.courses[0].updated_at
    current = await ana.update_course(menu.id, menu.courses[0].id, title="A")
    async with refused("STALE_EDIT") as seen:
        await ana.update_course(menu.id, menu.courses[0].id, title="B", expected_updated_at=seen_at)
    assert seen[0].message == "The course was changed in the meantime."
    iso = current.updated_at.ToDatetime().isoformat(timespec="microseconds") + "Z"
    assert seen[0].metadata["current_updated_at"] == iso
    assert (await ana.get(menu.id)).courses[0].title == "A"


async def test_courses_are_reordered_whatever_the_gaps(ana, menu, refused):
    await ana.delete_course(menu.id, menu.courses[1].id)
    await ana.add_course(menu.id, "z", position=9)
    ids = {course.title: course.id for course in (await ana.get(menu.id)).courses}
    ordered = await ana.reorder_courses(menu.id, [ids["z"], ids["a"], ids["c"]])
    assert places(ordered) == {"z": 1, "a": 2, "c": 3}
    assert [len(course.items) for course in ordered.courses] == [0, 2, 0]
    assert ordered == await ana.get(menu.id)
    assert ordered.updated_at == menu.updated_at
    wrong = ([ids["z"], ids["a"]], [*ids.values(), str(uuid4())], [ids["z"], ids["z"], ids["a"]])
    for order in wrong:
        async with refused("COURSE_IDS_MISMATCH") as seen:
            await ana.reorder_courses(menu.id, order)
    assert seen[0].message == "Course IDs must match the existing courses."
    await ana.update(menu.id, title="Land")
    async with refused("STALE_EDIT"):
        await ana.reorder_courses(menu.id, list(ids.values()), expected_updated_at=menu.updated_at)


async def test_foreign_and_unknown_things_read_as_missing(ana, person, menu, refused):
    stranger = person()
    course_id, item_id = menu.courses[0].id, menu.courses[0].items[0].id
    for call in (
        stranger.get(menu.id),
        stranger.update(menu.id, title="x"),
        stranger.delete(menu.id),
        stranger.add_course(menu.id),
        stranger.update_course(menu.id, course_id, title="x"),
        stranger.delete_course(menu.id, course_id),
        stranger.reorder_courses(menu.id, []),
        stranger.update_item(menu.id, item_id, notes="x"),
        stranger.delete_item(menu.id, item_id),
        stranger.reorder_items(menu.id, course_id, []),
        stranger.move_item(menu.id, item_id, course_id),
        ana.get(str(uuid4())),
    ):
        async with refused("MENU_NOT_FOUND") as seen:
            await call
        assert seen[0].message == "Menu not found"
    other = await ana.create("Land", [NewCourse(title="x")])
    for call in (
        ana.update_course(other.id, course_id, title="x"),
        ana.delete_course(other.id, course_id),
        ana.reorder_items(other.id, course_id, [item_id]),
        ana.add_item(other.id, course_id, menu.courses[0].items[0].media_item_id),
        ana.move_item(menu.id, item_id, other.courses[0].id),
    ):
        async with refused("COURSE_NOT_FOUND") as seen:
            await call
        assert seen[0].message == "Course not found"
    for call in (
        ana.update_item(other.id, item_id, notes="x"),
        ana.delete_item(other.id, item_id),
        ana.move_item(other.id, item_id, other.courses[0].id),
    ):
        async with refused("COURSE_ITEM_NOT_FOUND") as seen:
            await call
        assert seen[0].message == "Course item not found"
    for call in (ana.get("7"), ana.update_course(menu.id, "x"), ana.delete_item(menu.id, "\0")):
        async with refused("INVALID_ID"):
            await call
    assert await ana.get(menu.id) == menu


async def test_a_key_makes_a_second_course_answer_what_the_first_did(ana, menu):
    first, second = await asyncio.gather(
        *(ana.add_course(menu.id, "d", key="k", position=1) for _ in range(2))
    )
    assert first == second
    assert places(await ana.get(menu.id)) == {"d": 1, "a": 2, "b": 3, "c": 4}


async def test_parallel_courses_at_one_place_all_find_theirs(ana, menu):
    await asyncio.gather(*(ana.add_course(menu.id, f"n{n}", position=1) for n in range(10)))
    assert sorted(places(await ana.get(menu.id)).values()) == list(range(1, 14))
