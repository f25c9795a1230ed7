import asyncio

import orjson
import pytest
from sqlalchemy import select, text

from common.db import new_id
from menus import consumers
from menus.models import Outbox
from menus.snapshots.service import BATCH
from tastebuds.catalog.v1.media_events_pb2 import (
    MediaItemMerged,
    MediaItemMergeUndone,
    MediaItemUpserted,
)
from tastebuds.menus.v1.document_events_pb2 import DocumentsOutdated, ItemsOutOfPlace
from tastebuds.menus.v1.menu_service_pb2 import NewCourse, NewCourseItem

OWN = (DocumentsOutdated, ItemsOutOfPlace)


class Merges:
    """What the catalogue does and says."""

    def __init__(self, database, catalogue):
        self.database = database
        self.catalogue = catalogue
        self.version = 10

    def merged(self, survivor, absorbed):
        self.version += 1
        event = MediaItemMerged(merge_id=str(new_id()), version=self.version, absorbed_id=absorbed)
        event.survivor.CopyFrom(self.catalogue.items[survivor])
        event.survivor.updated_at.GetCurrentTime()
        return event

    def undone(self, event):
        self.version += 1
        undo = MediaItemMergeUndone(
            merge_id=event.merge_id, version=self.version, survivor_id=event.survivor.id
        )
        undo.absorbed.CopyFrom(self.catalogue.items[event.absorbed_id])
        undo.absorbed.updated_at.GetCurrentTime()
        return undo

    async def hear(self, *events):
        """One after the other, and then all that menus tells itself."""
        for event in events:
            async with self.database.sessions.begin() as session:
                await consumers.HANDLERS[type(event)](session, event)
        await self.go_on()

    async def go_on(self):
        kinds = {kind.DESCRIPTOR.full_name: kind for kind in OWN}
        while True:
            async with self.database.sessions.begin() as session:
                waiting = select(Outbox).where(Outbox.subject.in_(kinds)).order_by(Outbox.id)
                row = await session.scalar(waiting.limit(1))
                if row is None:
                    return
                await session.delete(row)
                event = kinds[row.subject].FromString(row.payload)
                await consumers.HANDLERS[type(event)](session, event)


@pytest.fixture
def merges(database, catalogue):
    return Merges(database, catalogue)


@pytest.fixture
def works(ana, read_public):
    """The works that Ana and the public see in her first course."""

    async def read(menu):
        seen = [item.media_item_id for item in (await ana.get(menu.id)).courses[0].items]
        document = orjson.loads((await read_public(menu.slug)).document)
        items = document["courses"][0]["items"]
        assert [item["media_item"]["id"] for item in items] == seen
        assert [item["media_item_id"] for item in items] == seen
        return seen

    return read


def showing(*works):
    return [NewCourse(title="a", items=[NewCourseItem(media_item_id=work) for work in works])]


async def public(person, title, *works):
    return await person.create(title, showing(*works), is_public=True)


async def test_items_show_the_survivor_and_again_what_they_showed(
    ana, catalogue, merges, works, events
):
    kept, gone, other = catalogue.add("Tidewatch"), catalogue.add("Tidewatch!"), catalogue.add()
    both = await public(ana, "Both", kept, other, gone)
    only = await public(ana, "Only", gone, gone)
    without = await public(ana, "Without", other)
    said = len(await events())
    merged = merges.merged(kept, gone)
    await merges.hear(merged)
    assert await works(both) == [kept, other, kept]
    assert await works(only) == [kept, kept]
    assert [e for e in (await events())[said:] if e == "MenuChanged"] == ["MenuChanged"] * 2
    await merges.hear(merged)  # again
    await merges.hear(merges.undone(merged))
    assert await works(both) == [kept, other, gone]
    assert await works(only) == [gone, gone]
    assert await works(without) == [other]


async def test_the_survivor_is_as_the_catalogue_says_now(ana, catalogue, merges, works):
    kept, gone = catalogue.add("Tidewatch"), catalogue.add("Tidewatch!")
    menu, second = await public(ana, "Sea", gone), await public(ana, "Both", kept)
    catalogue.items[kept].subtitle = "A novel"
    merged = merges.merged(kept, gone)
    await merges.hear(merged)
    for one in (menu, second):
        (item,) = (await ana.get(one.id)).courses[0].items
        assert (item.media_item.title, item.media_item.subtitle) == ("Tidewatch", "A novel")
    event = MediaItemUpserted(item=catalogue.items[kept], version=merges.version + 5)
    event.item.title = "Later"
    event.item.updated_at.GetCurrentTime()
    await merges.hear(event)
    assert (await ana.get(menu.id)).courses[0].items[0].media_item.title == "Later"
    catalogue.items[gone].title = "Apart"
    await merges.hear(merges.undone(merged))
    assert (await ana.get(menu.id)).courses[0].items[0].media_item.title == "Apart"


async def test_chains(ana, catalogue, merges, works):
    a, b, c = catalogue.add_many(3)
    menu = await public(ana, "Sea", a, b, c)
    first, second = merges.merged(b, a), merges.merged(c, b)
    await merges.hear(first, second)
    assert await works(menu) == [c, c, c]
    await merges.hear(merges.undone(second))
    assert await works(menu) == [b, b, c]
    await merges.hear(merges.undone(first))
    assert await works(menu) == [a, b, c]


@pytest.mark.parametrize("late", ["merge", "second merge"])
async def test_events_that_come_late(ana, catalogue, merges, works, late):
    """What failed at first comes again behind what followed."""
    kept, gone = catalogue.add_many(2)
    menu = await public(ana, "Sea", gone)
    first = merges.merged(kept, gone)
    undone = merges.undone(first)
    if late == "merge":
        await merges.hear(undone, first)
        assert await works(menu) == [gone]
    second = merges.merged(kept, gone)
    if late != "merge":
        await merges.hear(first, second, undone)
    else:
        await merges.hear(second)
    assert await works(menu) == [kept]


async def test_what_nobody_shows_is_not_kept(catalogue, merges, database):
    merged = merges.merged(*catalogue.add_many(2))
    await merges.hear(merged, merges.undone(merged))
    async with database.readers() as session:
        found = await session.execute(text("select count(*) from menus.media_snapshots"))
        assert found.scalar_one() == 0


async def test_an_absorbed_id_still_adds_the_survivor(ana, catalogue, merges, works):
    kept, gone, unknown = catalogue.add_many(3)
    menu = await public(ana, "Sea", gone)
    await merges.hear(merges.merged(kept, gone))
    course = menu.courses[0].id
    item = await ana.add_item(menu.id, course, gone)
    assert item.media_item_id == kept
    catalogue.absorbed[unknown] = kept
    assert (await ana.add_item(menu.id, course, unknown)).media_item_id == kept
    assert (await ana.add_item(menu.id, course, unknown)).media_item_id == kept
    assert await works(menu) == [kept] * 4


async def test_a_work_that_was_absorbed_before_it_was_known(ana, catalogue, merges, works):
    kept, gone = catalogue.add("Tidewatch"), catalogue.add("Tidewatch!")
    merged = merges.merged(kept, gone)
    catalogue.absorbed[gone] = kept
    menu = await public(ana, "Sea", gone)
    assert await works(menu) == [kept]
    await merges.hear(merged)
    assert await works(menu) == [kept]
    del catalogue.absorbed[gone]
    await merges.hear(merges.undone(merged))
    assert await works(menu) == [kept]  # the owner has never seen the other
    added = await ana.add_item(menu.id, menu.courses[0].id, gone)
    assert (added.media_item_id, added.media_item.title) == (gone, "Tidewatch!")


async def test_many_menus_are_done_in_batches(person, catalogue, merges, read_public, counted):
    kept, gone = catalogue.add_many(2)
    count = 2 * BATCH + 3
    await asyncio.gather(*(public(person(), f"Sea {n}", gone, gone) for n in range(count)))

    async def shown():
        found = set()
        for n in range(count):
            document = orjson.loads((await read_public(f"sea-{n}")).document)
            found |= {item["media_item_id"] for item in document["courses"][0]["items"]}
        return found

    merged = merges.merged(kept, gone)
    async with merges.database.sessions.begin() as session:
        with counted() as statements:
            await consumers.on_media_item_merged(session, merged)
            assert statements() <= 12
    assert await shown() == {kept, gone}
    await merges.go_on()
    assert await shown() == {kept}
    await merges.hear(merges.undone(merged))
    assert await shown() == {gone}


async def test_edits_and_merges_at_once(ana, catalogue, merges, works):
    kept, gone = catalogue.add_many(2)
    menu = await public(ana, "Sea", gone)
    course = menu.courses[0].id
    event = merges.merged(kept, gone)

    async def edit():
        for _ in range(10):
            await ana.add_item(menu.id, course, gone)

    async def follow():
        async with merges.database.sessions.begin() as session:
            await consumers.on_media_item_merged(session, event)

    await asyncio.gather(edit(), edit(), follow())
    await merges.go_on()
    assert set(await works(menu)) == {kept}
