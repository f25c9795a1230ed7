import asyncio
from uuid import uuid4

import grpc
import pytest

from menus.limits import Limits
from tastebuds.menus.v1.draft_service_pb2 import AppendToDraftRequest
from tastebuds.menus.v1.draft_service_pb2_grpc import DraftServiceStub
from tastebuds.menus.v1.menu_service_pb2 import NewCourse, NewCourseItem

from .conftest import SECONDS


@pytest.fixture
def append_at(ana):
    """`append_at(channel)`: ingest's way to append to Ana's menus there."""

    def make(channel):
        stub = DraftServiceStub(channel)

        async def append(menu_id, media_item_id, user_id=ana.id, **fields):
            request = AppendToDraftRequest(
                user_id=str(user_id), menu_id=menu_id, media_item_id=media_item_id, **fields
            )
            return await stub.AppendToDraft(request, timeout=SECONDS)

        return append

    return make


@pytest.fixture
def append(connect, append_at):
    return append_at(connect("ingest"))


@pytest.fixture
async def menu(ana, catalogue):
    """Courses a and b; b holds one work, at 5."""
    one = NewCourseItem(media_item_id=catalogue.add("The Quiet Harbour"), position=5)
    return await ana.create("Sea", [NewCourse(title="a"), NewCourse(title="b", items=[one])])


async def test_a_work_arrives_at_the_end_of_the_last_course(
    ana, append, menu, catalogue, fresh, events
):
    work = catalogue.add("Tidewatch", creators=["Ines Vale"])
    reply = await append(menu.id, work, notes="From the shelf")
    assert (reply.appended, reply.menu_title, reply.course_title) == (True, "Sea", "b")
    item = (await ana.get(menu.id)).courses[1].items[-1]
    assert (item.media_item_id, item.notes, item.position) == (work, "From the shelf", 6)
    assert list(item.media_item.creators) == ["Ines Vale"]
    stored = await ana.document(menu.id)
    assert stored.startswith((await fresh(menu.id)).document[:-1])
    assert await events() == []  # readers have not seen this menu


async def test_a_work_arrives_in_the_course_that_is_named(ana, append, menu, catalogue):
    work = catalogue.add("Tidewatch")
    reply = await append(menu.id, work, course_id=menu.courses[0].id)
    assert (reply.appended, reply.course_title) == (True, "a")
    (item,) = (await ana.get(menu.id)).courses[0].items
    assert (item.media_item_id, item.position, item.HasField("notes")) == (work, 1, False)


async def test_what_the_course_holds_is_not_appended_again(ana, append, menu, catalogue, counted):
    held = menu.courses[1].items[0].media_item_id
    catalogue.calls.clear()
    with counted() as statements:
        reply = await append(menu.id, held, notes="again")
    assert statements() == 4
    assert catalogue.calls == []
    assert (reply.appended, reply.menu_title, reply.course_title) == (False, "Sea", "b")
    assert await ana.get(menu.id) == menu
    # Another course may hold it as well.
    assert (await append(menu.id, held, course_id=menu.courses[0].id)).appended


async def test_a_menu_without_courses_gets_one(ana, append, catalogue):
    menu = await ana.create("Later")
    works = catalogue.add_many(2)
    replies = [await append(menu.id, work) for work in (*works, works[0])]
    assert [reply.appended for reply in replies] == [True, True, False]
    assert {reply.course_title for reply in replies} == {"Arrivals"}
    (course,) = (await ana.get(menu.id)).courses
    assert [item.media_item_id for item in course.items] == works


async def test_parallel_calls_append_once(ana, append, catalogue):
    menu = await ana.create("Later")
    works = catalogue.add_many(3)
    replies = await asyncio.gather(*(append(menu.id, work) for work in works * 5))
    assert sum(reply.appended for reply in replies) == 3
    (course,) = (await ana.get(menu.id)).courses
    assert {item.media_item_id for item in course.items} == set(works)
    assert [item.position for item in course.items] == [1, 2, 3]


async def test_people_and_senders_append_side_by_side(ana, append, menu, catalogue):
    works = catalogue.add_many(12)
    last = menu.courses[1].id
    await asyncio.gather(
        *(append(menu.id, work) for work in works[:6]),
        *(ana.add_item(menu.id, last, work, position=5) for work in works[6:]),
    )
    course = (await ana.get(menu.id)).courses[1]
    assert len({item.position for item in course.items}) == len(course.items) == 13


async def test_a_public_menu_is_left_alone(ana, append, menu, catalogue, refused, events):
    await ana.update(menu.id, is_public=True)
    public = await ana.get(menu.id)
    work = catalogue.add("Tidewatch")
    async with refused("MENU_IS_PUBLIC") as seen:
        await append(menu.id, work)
    assert seen[0].metadata == {"menu_id": menu.id}
    assert await ana.get(menu.id) == public
    assert await events() == ["MenuPublished"]
    await ana.update(menu.id, is_public=False)
    assert (await append(menu.id, work)).appended


async def test_what_is_not_theirs_is_not_found(ana, person, append, menu, catalogue, refused):
    work = catalogue.add("Tidewatch")
    other = await ana.create("Other", [NewCourse(title="x")])
    for reason, call in (
        ("MENU_NOT_FOUND", append(menu.id, work, user_id=person().id)),
        ("MENU_NOT_FOUND", append(str(uuid4()), work)),
        ("COURSE_NOT_FOUND", append(menu.id, work, course_id=other.courses[0].id)),
        ("MEDIA_ITEM_NOT_FOUND", append(menu.id, str(uuid4()))),
    ):
        async with refused(reason):
            await call
    assert await ana.get(menu.id) == menu


async def test_what_makes_no_sense_is_refused(append, menu, catalogue, refused):
    work = catalogue.add("Tidewatch")
    for reason, call in (
        ("INVALID_ID", append("zz", work)),
        ("INVALID_ID", append(menu.id, "zz")),
        ("INVALID_ID", append(menu.id, work, course_id="zz")),
        ("INVALID_ID", append(menu.id, work, user_id="")),
        ("TEXT_TOO_LONG", append(menu.id, work, notes="x" * 5001)),
        ("TEXT_NOT_STORABLE", append(menu.id, work, notes="\0")),
    ):
        async with refused(reason):
            await call


async def test_limits_hold_for_senders_too(
    run_menus, person_at, append_at, catalogue, refused, ana
):
    limits = Limits(courses_per_menu=1, items_per_course=2, items_per_menu=2, menu_bytes=5_000)
    async with run_menus(limits) as connect:
        append = append_at(connect("ingest"))
        boris = person_at(connect("gateway"))
        menu = await boris.create("Small")
        works = catalogue.add_many(3)
        for work in works[:2]:
            await append(menu.id, work, user_id=boris.id)
        async with refused("ITEM_LIMIT_REACHED"):
            await append(menu.id, works[2], user_id=boris.id)
        wordy = await boris.create("Wordy")
        async with refused("MENU_TOO_LARGE"):
            await append(wordy.id, works[2], user_id=boris.id, notes="x" * 5000)
        assert not (await boris.get(wordy.id)).courses


@pytest.mark.parametrize("caller", ["gateway", "catalog", "menus"])
async def test_only_ingest_may_call(connect, append_at, menu, catalogue, caller):
    with pytest.raises(grpc.aio.AioRpcError) as denied:
        await append_at(connect(caller))(menu.id, catalogue.add())
    assert denied.value.code() is grpc.StatusCode.PERMISSION_DENIED
