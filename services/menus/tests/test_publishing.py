import asyncio
import hashlib

import orjson
import pytest
from sqlalchemy import func, select

from menus.models import Document
from tastebuds.menus.v1.menu_service_pb2 import NewCourse, NewCourseItem


@pytest.fixture
async def menu(ana, catalogue):
    works = [catalogue.add(release_date="1965-08-01", creators=["Frank Herbert"]), catalogue.add()]
    items = [NewCourseItem(media_item_id=work) for work in works]
    return await ana.create("Sea", [NewCourse(title="a", items=items)], is_public=True)


def iso(timestamp):
    return timestamp.ToDatetime().isoformat(timespec="microseconds") + "Z"


async def test_the_document_has_the_public_shape(ana, menu, read_public):
    reply = await read_public("sea")
    course = menu.courses[0]
    works = [
        {
            "id": item.media_item_id,
            "media_type": "book",
            "title": "Dune",
            "subtitle": None,
            "description": None,
            "release_date": date,
            "cover_image_url": None,
            "canonical_url": None,
            "metadata": None,
            "creators": creators,
        }
        for item, date, creators in zip(
            course.items, ("1965-08-01", None), (["Frank Herbert"], []), strict=True
        )
    ]
    assert orjson.loads(reply.document) == {
        "id": menu.id,
        "title": "Sea",
        "description": None,
        "slug": "sea",
        "is_public": True,
        "created_at": iso(menu.created_at),
        "updated_at": iso(menu.updated_at),
        "courses": [
            {
                "id": course.id,
                "title": "a",
                "description": None,
                "intent": None,
                "position": 1,
                "updated_at": iso(course.updated_at),
                "items": [
                    {
                        "id": item.id,
                        "media_item_id": item.media_item_id,
                        "notes": None,
                        "position": position,
                        "updated_at": iso(item.updated_at),
                        "media_item": work,
                    }
                    for position, (item, work) in enumerate(
                        zip(course.items, works, strict=True), start=1
                    )
                ],
            }
        ],
        "pairings": [],
    }
    assert hashlib.sha256(reply.document).hexdigest().startswith(reply.etag)
    assert len(reply.etag) == 32


async def test_nobody_learns_who_the_owner_is(ana, menu, catalogue, read_public):
    work = catalogue.add(
        metadata_json=orjson.dumps(
            {
                "owner_id": "someone",
                "by": str(ana.id),
                "who": [str(ana.id), {str(ana.id): 1, "text": f"by {ana.id}!"}],
                "pages": 9,
            }
        ).decode()
    )
    await ana.add_item(menu.id, menu.courses[0].id, work)
    document = (await read_public("sea")).document
    assert str(ana.id).encode() not in document
    shown = orjson.loads(document)["courses"][0]["items"][2]["media_item"]["metadata"]
    assert shown == {"who": [{"text": "by !"}], "pages": 9}


async def test_a_public_menu_is_read_in_one_statement(menu, read_public, counted):
    with counted() as statements:
        await read_public("sea")
    assert statements() == 1


@pytest.mark.parametrize("slug", ["", "land", "\0", "x" * 300, "💥", "sea'--", "%", "SEA"])
async def test_any_other_slug_is_not_found(menu, read_public, refused, slug):
    async with refused("MENU_NOT_FOUND") as seen:
        await read_public(slug)
    assert seen[0].message == "Menu not found"


async def test_publishing_and_its_end_are_said(ana, read_public, refused, events):
    menu = await ana.create("Sea")
    async with refused("MENU_NOT_FOUND"):
        await read_public("sea")
    assert (await ana.update(menu.id, is_public=True)).is_public
    first = await read_public("sea")
    await ana.update(menu.id, is_public=True)  # was so already
    assert await read_public("sea") == first
    await ana.update(menu.id, is_public=False)
    async with refused("MENU_NOT_FOUND"):
        await read_public("sea")
    await ana.update(menu.id, is_public=True, title="Land")
    await ana.delete(menu.id)
    async with refused("MENU_NOT_FOUND"):
        await read_public("sea")
    assert await events() == [
        "MenuPublished", "MenuUnpublished", "MenuPublished", "MenuUnpublished",
    ]  # fmt: skip


async def test_every_change_of_a_public_menu_is_in_its_document(
    ana, menu, catalogue, read_public, fresh, events
):
    a = menu.courses[0]
    first, second = (item.id for item in a.items)
    b = await ana.add_course(menu.id, "b")
    work = catalogue.add()
    changes = [
        lambda: ana.update(menu.id, description="Dry"),
        lambda: ana.update(menu.id, description=""),
        lambda: ana.add_course(menu.id, "c", position=1),
        lambda: ana.update_course(menu.id, a.id, intent="why"),
        lambda: ana.add_item(menu.id, a.id, work, position=1),
        lambda: ana.update_item(menu.id, first, notes="x"),
        lambda: ana.move_item(menu.id, second, b.id),
        lambda: ana.delete_item(menu.id, second),
        lambda: ana.delete_course(menu.id, b.id),
    ]
    etag = (await read_public("sea")).etag
    for change in changes:
        await change()
        now = await read_public("sea")
        assert now.etag != etag
        etag = now.etag
        expected = await fresh(menu.id)
        assert (now.document, now.etag) == (expected.document, expected.etag)
    assert await events() == ["MenuPublished"] + ["MenuChanged"] * (1 + len(changes))


async def test_a_change_that_shows_nothing_says_nothing(ana, menu, read_public, events):
    before = await read_public("sea")
    await ana.update(menu.id, title="Sea")
    await ana.update_item(menu.id, menu.courses[0].items[0].id, notes="")
    assert await read_public("sea") == before
    assert await events() == ["MenuPublished"]


async def test_a_private_menu_says_nothing_and_leaves_no_document(ana, database, catalogue, events):
    menu = await ana.create("Sea", [NewCourse(title="a")])
    await ana.add_item(menu.id, menu.courses[0].id, catalogue.add())
    await ana.update(menu.id, title="Land")
    await ana.delete(menu.id)
    assert await events() == []
    async with database.readers() as session:
        assert await session.scalar(select(func.count()).select_from(Document)) == 0


async def test_an_item_costs_few_statements(ana, menu, catalogue, counted):
    known = menu.courses[0].items[0].media_item_id
    private = await ana.create("Land", [NewCourse(title="a")])

    async def cost(menu, work, **fields):
        with counted() as statements:
            await ana.add_item(menu.id, menu.courses[0].id, work, **fields)
        return statements()

    assert await cost(private, known) == 8
    assert await cost(private, known, position=1) == 8  # making room costs nothing more
    assert await cost(private, catalogue.add()) == 9
    assert await cost(menu, known, position=1) == 8
    with counted() as statements:
        await ana.create("Lake", [NewCourse(title="a")] * 3)
    assert statements() <= 8


async def test_parallel_edits_end_in_the_document_of_the_last(
    ana, menu, catalogue, read_public, fresh
):
    works = catalogue.add_many(10)
    ids = [item.id for item in menu.courses[0].items]
    await asyncio.gather(
        *(ana.add_item(menu.id, menu.courses[0].id, work, position=1) for work in works),
        *(ana.update_item(menu.id, id_, notes="x") for id_ in ids),
        ana.update(menu.id, title="Ocean"),
    )
    assert (await read_public("sea")).document == (await fresh(menu.id)).document
