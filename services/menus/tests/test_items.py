import asyncio
from uuid import uuid4

import grpc
import pytest

from tastebuds.menus.v1.menu_service_pb2 import NewCourse, NewCourseItem


@pytest.fixture
async def menu(ana, catalogue):
    """Course a with works 0 to 3 at 1 to 4, course b with work 0 at 5."""
    works = catalogue.add_many(4)
    four = [NewCourseItem(media_item_id=work) for work in works]
    one = NewCourseItem(media_item_id=works[0], position=5)
    return await ana.create(
        "Sea", [NewCourse(title="a", items=four), NewCourse(title="b", items=[one])]
    )


@pytest.fixture
def ids(menu):
    return [item.id for item in menu.courses[0].items]


@pytest.fixture
def places(ana, menu):
    """`await places(0)`: the items of the first course, as (id, position) in order."""

    async def read(index):
        course = (await ana.get(menu.id)).courses[index]
        return [(item.id, item.position) for item in course.items]

    return read


async def test_an_item_comes_at_the_end_or_pushes_others_down(ana, menu, ids, places, catalogue):
    a = menu.courses[0].id
    work = catalogue.add(creators=["Frank Herbert"])
    last = await ana.add_item(menu.id, a, work, notes="slow")
    assert (last.position, last.notes, last.media_item_id) == (5, "slow", work)
    assert list(last.media_item.creators) == ["Frank Herbert"]
    await ana.delete_item(menu.id, ids[2])
    second = await ana.add_item(menu.id, a, work, position=2)
    assert await places(0) == [
        (ids[0], 1), (second.id, 2), (ids[1], 3), (ids[3], 4), (last.id, 5),
    ]  # fmt: skip
    far = await ana.add_item(menu.id, a, work, position=1_000_000)
    assert (await places(0))[-1] == (far.id, 1_000_000)
    pushed = await ana.add_item(menu.id, a, work, position=1_000_000)
    assert (await places(0))[-2:] == [(pushed.id, 1_000_000), (far.id, 1_000_001)]


async def test_an_unknown_work_is_refused(ana, menu, places, refused):
    async with refused("MEDIA_ITEM_NOT_FOUND") as seen:
        await ana.add_item(menu.id, menu.courses[0].id, str(uuid4()))
    assert seen[0].message == "Media item not found"
    assert len(await places(0)) == 4


async def test_notes_are_changed_and_cleared(ana, menu, ids, refused):
    before = menu.courses[0].items[0]
    changed = await ana.update_item(
        menu.id, ids[0], notes="new", expected_updated_at=before.updated_at
    )
    assert (changed.notes, changed.media_item) == ("new", before.media_item)
    async with refused("STALE_EDIT") as seen:
        await ana.update_item(menu.id, ids[0], notes="x", expected_updated_at=before.updated_at)
    assert seen[0].message == "The item was changed in the meantime."
    assert not (await ana.update_item(menu.id, ids[0], notes="")).HasField("notes")
    async with refused("TEXT_TOO_LONG"):
        await ana.update_item(menu.id, ids[0], notes="x" * 5001)
    now = await ana.get(menu.id)
    assert (now.updated_at, now.courses[0].updated_at) == (
        menu.updated_at,
        menu.courses[0].updated_at,
    )


async def test_a_time_that_is_none_is_refused(ana, menu, ids, refused):
    before = menu.courses[0].items[0]
    before.updated_at.seconds = 10**15
    async with refused("INVALID_TIME"):
        await ana.update_item(menu.id, ids[0], notes="x", expected_updated_at=before.updated_at)


async def test_items_are_reordered_whatever_the_gaps(ana, menu, ids, places, refused):
    a = menu.courses[0]
    await ana.delete_item(menu.id, ids[1])
    assert await places(0) == [(ids[0], 1), (ids[2], 3), (ids[3], 4)]  # the gap stays
    order = [ids[3], ids[0], ids[2]]
    course = await ana.reorder_items(menu.id, a.id, order, expected_updated_at=a.updated_at)
    assert [(item.id, item.position) for item in course.items] == list(
        zip(order, (1, 2, 3), strict=True)
    )
    assert course.updated_at == a.updated_at
    assert all(
        item.updated_at.ToNanoseconds() > a.updated_at.ToNanoseconds() for item in course.items
    )
    assert (await ana.get(menu.id)).courses[0] == course
    for wrong in (order[:2], [*order, ids[1]], [ids[3], ids[3], ids[0]], []):
        async with refused("ITEM_IDS_MISMATCH") as seen:
            await ana.reorder_items(menu.id, a.id, wrong)
    assert seen[0].message == "Item IDs must match the existing course items."
    async with refused("TOO_MANY"):
        await ana.reorder_items(menu.id, a.id, [str(uuid4()) for _ in range(201)])


async def test_an_empty_course_can_be_reordered(ana, menu):
    empty = await ana.add_course(menu.id, "c")
    assert await ana.reorder_items(menu.id, empty.id, []) == empty


async def test_an_item_moves_to_another_course(ana, menu, ids, places, refused):
    b = menu.courses[1]
    item = menu.courses[0].items[0]
    moved = await ana.move_item(
        menu.id, ids[0], b.id, position=5, expected_updated_at=item.updated_at
    )
    assert (moved.id, moved.position, moved.media_item) == (ids[0], 5, item.media_item)
    assert await places(0) == [(ids[1], 2), (ids[2], 3), (ids[3], 4)]
    assert await places(1) == [(ids[0], 5), (b.items[0].id, 6)]
    assert (await ana.move_item(menu.id, ids[1], b.id)).position == 7
    async with refused("STALE_EDIT"):
        await ana.move_item(menu.id, ids[0], b.id, expected_updated_at=item.updated_at)
    async with refused("POSITION_OUT_OF_RANGE"):
        await ana.move_item(menu.id, ids[0], b.id, position=-3)


@pytest.mark.parametrize(
    ("moved", "to", "order"),
    [
        (3, 1, [(3, 1), (0, 2), (1, 3), (2, 4)]),
        (1, 1, [(1, 1), (0, 2), (2, 3), (3, 4)]),
        (0, 3, [(1, 2), (0, 3), (2, 4), (3, 5)]),
        (1, None, [(0, 1), (2, 3), (3, 4), (1, 5)]),
        (3, None, [(0, 1), (1, 2), (2, 3), (3, 4)]),
        (2, 3, [(0, 1), (1, 2), (2, 3), (3, 4)]),
    ],
)
async def test_an_item_moves_within_its_course(ana, menu, ids, places, moved, to, order):
    await ana.move_item(menu.id, ids[moved], menu.courses[0].id, position=to)
    assert await places(0) == [(ids[index], position) for index, position in order]


async def test_parallel_adds_at_one_place_all_find_theirs(ana, menu, places, catalogue):
    works = catalogue.add_many(20)
    added = await asyncio.gather(
        *(ana.add_item(menu.id, menu.courses[0].id, work, position=1) for work in works)
    )
    now = await places(0)
    assert [position for _, position in now] == list(range(1, 25))
    assert {item.id for item in added} <= {id_ for id_, _ in now}


async def test_parallel_edits_of_all_kinds_leave_a_whole_list(ana, menu, ids, places, catalogue):
    a, b = (course.id for course in menu.courses)
    work = catalogue.add()
    edits = [
        *(ana.add_item(menu.id, a, work, position=2) for _ in range(6)),
        *(ana.reorder_items(menu.id, a, order) for order in (ids, ids[::-1])),
        *(ana.move_item(menu.id, id_, b, position=5) for id_ in ids[:2]),
        ana.delete_item(menu.id, ids[3]),
    ]
    results = await asyncio.gather(*edits, return_exceptions=True)
    for failed in (result for result in results if isinstance(result, BaseException)):
        # A reorder may come after the list has changed; nothing else may fail.
        assert isinstance(failed, grpc.aio.AioRpcError)
        assert failed.details() == "Item IDs must match the existing course items."
    in_a, in_b = await places(0), await places(1)
    assert len({position for _, position in in_a}) == len(in_a) == 7
    assert len({position for _, position in in_b}) == len(in_b) == 3


async def test_a_key_makes_a_second_add_answer_what_the_first_did(ana, menu, places, catalogue):
    work = catalogue.add()
    first, second = await asyncio.gather(
        *(ana.add_item(menu.id, menu.courses[0].id, work, key="k") for _ in range(2))
    )
    assert first == second
    assert len(await places(0)) == 5
