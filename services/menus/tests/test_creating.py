import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from menus.limits import Limits
from tastebuds.menus.v1.course_service_pb2_grpc import CourseServiceStub
from tastebuds.menus.v1.menu_service_pb2 import CreateMenuRequest, NewCourse, NewCourseItem
from tastebuds.menus.v1.menu_service_pb2_grpc import MenuServiceStub


def item(media_item_id, **fields):
    return NewCourseItem(media_item_id=media_item_id, **fields)


async def test_a_menu_comes_back_as_it_was_made(ana, catalogue):
    dune = catalogue.add(
        subtitle="A novel",
        description="Sand",
        release_date="1965-08-01",
        cover_image_url="https://example.org/dune.jpg",
        metadata_json='{"categories": ["Fiction"]}',
        creators=["Frank Herbert"],
    )
    courses = [
        NewCourse(title=" Starter ", intent="To begin", items=[item(dune, notes="Slowly")]),
        NewCourse(title="Main"),
    ]
    made = await ana.create("  Desert nights ", courses, description="Dry")
    assert made == await ana.get(made.id)
    assert (made.title, made.slug, made.description) == ("Desert nights", "desert-nights", "Dry")
    assert made.owner_id == str(ana.id)
    assert not made.is_public
    assert [(course.title, course.position) for course in made.courses] == [
        ("Starter", 1),
        ("Main", 2),
    ]
    assert not made.courses[0].HasField("description")
    only = made.courses[0].items[0]
    assert (only.media_item_id, only.notes, only.position) == (dune, "Slowly", 1)
    expected = catalogue.items[dune]
    expected.ClearField("updated_at")
    expected.metadata_json = '{"categories": ["Fiction"]}'
    assert only.media_item == expected


async def test_slugs_are_readable_and_numbered(ana, person):
    titles = ["Crème brûlée", "Crème Brûlée!", "💥", "", "Menu", "Sea 2", "Sea", "Sea", "Sea"]
    slugs = [(await ana.create(title or "…")).slug for title in titles]
    assert slugs == [
        "creme-brulee", "creme-brulee-2", "menu", "menu-2", "menu-3", "sea-2", "sea", "sea-3",
        "sea-4",
    ]  # fmt: skip
    assert (await person().create("Sea")).slug == "sea-5"
    assert (await ana.create("word " * 50)).slug == "-".join(["word"] * 16)


async def test_a_slug_stays_when_the_title_changes(ana):
    made = await ana.create("Sea")
    assert (await ana.update(made.id, title="Land")).slug == "sea"


async def test_parallel_creates_of_one_title_get_slugs_of_their_own(person):
    made = await asyncio.gather(*(person().create(title) for title in ["Dinner", "Dinner 2"] * 10))
    slugs = {menu.slug for menu in made}
    assert len(slugs) == 20
    assert {"dinner", "dinner-2", "dinner-3"} <= slugs


async def test_absent_positions_come_after_the_given_ones(ana, catalogue):
    work = catalogue.add()
    courses = [
        NewCourse(title="c", items=[item(work), item(work, position=0), item(work)]),
        NewCourse(title="b", position=7),
        NewCourse(title="a", position=3),
        NewCourse(title="d"),
    ]
    made = await ana.create("Sea", courses)
    assert [(course.title, course.position) for course in made.courses] == [
        ("a", 3), ("b", 7), ("c", 8), ("d", 9),
    ]  # fmt: skip
    assert [item.position for item in made.courses[2].items] == [0, 1, 2]
    assert made == await ana.get(made.id)


async def test_a_position_twice_in_one_request_is_refused_by_name(ana, catalogue, refused):
    work = catalogue.add()
    async with refused("POSITION_TAKEN") as seen:
        await ana.create(
            "Sea", [NewCourse(title="a", position=2), NewCourse(title="b", position=2)]
        )
    assert seen[0].message == "courses[1].position: 2 is taken by courses[0]"
    items = [item(work, position=1), item(work), item(work, position=1)]
    async with refused("POSITION_TAKEN") as seen:
        await ana.create("Sea", [NewCourse(title="a", items=items)])
    assert seen[0].message == ("courses[0].items[2].position: 1 is taken by courses[0].items[0]")


@pytest.mark.parametrize(
    ("fields", "reason", "message"),
    [
        ({"title": " \n"}, "TEXT_BLANK", "title must not be blank."),
        ({"title": "x" * 256}, "TEXT_TOO_LONG", "title may have at most 255 characters."),
        ({"title": "a\0b"}, "TEXT_NOT_STORABLE", "title must not contain NUL characters."),
        (
            {"title": "a", "description": "x" * 10_001},
            "TEXT_TOO_LONG",
            "description may have at most 10000 characters.",
        ),
        (
            {"title": "a", "courses": [NewCourse(title="")]},
            "TEXT_BLANK",
            "courses[0].title must not be blank.",
        ),
        (
            {"title": "a", "courses": [NewCourse(title="a", position=-1)]},
            "POSITION_OUT_OF_RANGE",
            "courses[0].position must be between 0 and 1000000.",
        ),
        (
            {"title": "a", "courses": [NewCourse(title="a", items=[item("x")])]},
            "INVALID_ID",
            "courses[0].items[0].media_item_id is not a UUID: 'x'.",
        ),
        (
            {"title": "a", "idempotency_key": "k" * 256},
            "TEXT_TOO_LONG",
            "idempotency_key may have at most 255 characters.",
        ),
    ],
)
async def test_what_cannot_be_stored_is_refused(ana, refused, fields, reason, message):
    async with refused(reason) as seen:
        await ana.create(**fields)
    assert seen[0].message == message


async def test_an_unknown_work_leaves_nothing_behind(ana, catalogue, refused):
    courses = [NewCourse(title="a", items=[item(catalogue.add()), item(str(uuid4()))])]
    async with refused("MEDIA_ITEM_NOT_FOUND") as seen:
        await ana.create("Sea", courses)
    assert seen[0].message == "Media item not found"
    assert not await ana.list()
    assert (await ana.create("Sea")).slug == "sea"


async def test_the_catalogue_is_asked_once_for_what_is_new(ana, catalogue):
    works = catalogue.add_many(3)
    items = [item(work) for work in (*works, *works)]
    await ana.create(
        "One", [NewCourse(title="a", items=items[:2]), NewCourse(title="b", items=items)]
    )
    assert [sorted(call) for call in catalogue.calls] == [sorted(works)]
    await ana.create("Two", [NewCourse(title="a", items=items)])
    assert len(catalogue.calls) == 1
    fourth = catalogue.add()
    await ana.create("Three", [NewCourse(title="a", items=[*items, item(fourth)])])
    assert catalogue.calls[1:] == [[fourth]]


async def test_parallel_creates_with_the_same_new_works(person, catalogue):
    works = catalogue.add_many(5)
    courses = [
        [NewCourse(title="a", items=[item(work) for work in order])]
        for order in (works, works[::-1]) * 5
    ]
    made = await asyncio.gather(*(person().create("Sea", course) for course in courses))
    assert all(len(menu.courses[0].items) == 5 for menu in made)


async def test_limits_are_said_clearly(run_menus, person_at, catalogue, refused):
    limits = Limits(
        menus_per_owner=2, courses_per_menu=2, items_per_course=2, items_per_menu=3, menu_bytes=9000
    )
    work = catalogue.add()
    async with run_menus(limits) as connect:
        ana = person_at(connect("gateway"))
        three = [NewCourse(title=title) for title in "abc"]
        async with refused("COURSE_LIMIT_REACHED") as seen:
            await ana.create("Sea", three)
        assert seen[0].message == "A menu may hold at most 2 courses."
        async with refused("ITEM_LIMIT_REACHED"):
            await ana.create("Sea", [NewCourse(title="a", items=[item(work)] * 3)])
        pairs = [NewCourse(title="a", items=[item(work)] * 2)] * 2
        async with refused("MENU_ITEM_LIMIT_REACHED"):
            await ana.create("Sea", pairs)
        long = [NewCourse(title="a", description="x" * 9000)]
        async with refused("MENU_TOO_LARGE"):
            await ana.create("Sea", long)

        async with refused("MENU_TOO_LARGE") as seen:
            await ana.create("Sea", description="x" * 9000)
        assert seen[0].message == "A menu with its works may take at most 9000 bytes."

        menu = await ana.create("Sea", pairs[:1])
        async with refused("MENU_TOO_LARGE"):
            await ana.update(menu.id, description="x" * 9000)
        full = menu.courses[0]
        async with refused("ITEM_LIMIT_REACHED"):
            await ana.add_item(menu.id, full.id, work)
        other = await ana.add_course(menu.id, "b")
        async with refused("MENU_TOO_LARGE"):
            await ana.update_course(menu.id, other.id, intent="x" * 8000)
        async with refused("COURSE_LIMIT_REACHED"):
            await ana.add_course(menu.id, "c")
        last = await ana.add_item(menu.id, other.id, work, notes="n" * 4000)
        async with refused("MENU_TOO_LARGE"):
            await ana.update_item(menu.id, menu.courses[0].items[0].id, notes="n" * 5000)
        async with refused("MENU_ITEM_LIMIT_REACHED"):
            await ana.add_item(menu.id, other.id, work)
        async with refused("ITEM_LIMIT_REACHED"):
            await ana.move_item(menu.id, last.id, full.id)

        await ana.create("Two")
        async with refused("MENU_LIMIT_REACHED") as seen:
            await ana.create("Three")
        assert seen[0].message == "A person may have at most 2 menus."


async def test_a_menu_that_has_outgrown_the_limit_may_shrink_and_be_withdrawn(
    run_menus, ana, catalogue, refused
):
    courses = [NewCourse(title="a", items=[item(catalogue.add(description="x" * 5000))])]
    menu = await ana.create("Sea", courses, is_public=True)
    async with run_menus(Limits(menu_bytes=1000)) as connect:
        stub = MenuServiceStub(connect("gateway"))
        small = replace(ana, menus=stub, courses=CourseServiceStub(connect("gateway")))
        assert not (await small.update(menu.id, is_public=False)).is_public
        async with refused("MENU_TOO_LARGE"):
            await small.update(menu.id, title="Land")
        await small.delete_item(menu.id, menu.courses[0].items[0].id)
        assert (await small.update(menu.id, title="Land")).title == "Land"


async def test_only_the_gateway_may_call_and_only_for_a_person(connect, ana, refused):
    async with refused("CALLER_NOT_ALLOWED"):
        await MenuServiceStub(connect("ingest")).CreateMenu(
            CreateMenuRequest(title="Sea"), metadata=ana.metadata, timeout=5
        )
    async with refused("INVALID_TOKEN"):
        await ana.menus.CreateMenu(CreateMenuRequest(title="Sea"), timeout=5)


async def test_a_key_makes_a_second_create_answer_what_the_first_did(ana, person, refused):
    first, second = await asyncio.gather(
        *(ana.create("Sea", idempotency_key="k") for _ in range(2))
    )
    assert first == second
    assert len(await ana.list()) == 1
    async with refused("IDEMPOTENCY_KEY_REUSED"):
        await ana.create("Land", idempotency_key="k")
    assert (await person().create("Sea", idempotency_key="k")).id != first.id
