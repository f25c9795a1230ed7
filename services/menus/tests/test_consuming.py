import asyncio
import itertools
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import func, select

from common.consuming import Consumer
from common.handlers import by_stream
from common.nats_client import declare_streams
from common.outbox import MESSAGE_ID, Relay
from menus.consumers import HANDLERS
from menus.models import Idempotency, Inbox, MediaSnapshot, Menu, Outbox
from menus.snapshots import service as snapshots
from tastebuds.auth.v1.account_events_pb2 import UserDeleted
from tastebuds.catalog.v1.media_events_pb2 import MediaItemUpserted
from tastebuds.menus.v1.menu_events_pb2 import MenuChanged
from tastebuds.menus.v1.menu_service_pb2 import NewCourse, NewCourseItem

SECONDS = 15


@pytest.fixture
async def streams(connect_nats, empty_nats):
    """JetStream as the service may use it; its own stream, catalog's and auth's are empty."""
    contexts = {}
    await empty_nats()
    async with (
        connect_nats("menus") as menus,
        connect_nats("catalog") as catalog,
        connect_nats("auth") as auth,
    ):
        for name, client in (("menus", menus), ("catalog", catalog), ("auth", auth)):
            contexts[name] = client.jetstream()
            await declare_streams(contexts[name], name)
        yield contexts


@pytest.fixture
async def consumers(database, streams):
    """The service's consumers at work, by stream."""
    stopping = asyncio.Event()
    made = {
        stream: Consumer("menus", stream, handlers, database, Inbox)
        for stream, handlers in by_stream(HANDLERS).items()
    }
    async with asyncio.TaskGroup() as tasks:
        for consumer in made.values():
            tasks.create_task(consumer.run(streams["menus"], stopping))
        yield made
        stopping.set()


@pytest.fixture
def settled(consumers):
    """`await settled("CATALOG", 2)`: once that many messages of the stream are dealt with."""

    async def wait(stream, count):
        state = consumers[stream].state
        async with asyncio.timeout(SECONDS):
            while state.done.total + state.dead.total < count:
                await asyncio.sleep(0.02)
        assert (state.dead.total, state.failed.total, state.last_error) == (0, 0, "")

    return wait


@pytest.fixture
def upserted(streams, catalogue):
    """`await upserted(work, version, title="…")`: what the catalogue says after a change."""

    async def say(work, version, message_id=None, **fields):
        item = catalogue.items.get(work)
        event = MediaItemUpserted(version=version)
        if item is None:
            event.item.id = work
        else:
            event.item.CopyFrom(item)
        for field, value in fields.items():
            setattr(event.item, field, value)
        event.item.updated_at.GetCurrentTime()
        headers = {MESSAGE_ID: str(message_id or uuid4())}
        await streams["catalog"].publish(
            event.DESCRIPTOR.full_name, event.SerializeToString(), headers=headers
        )

    return say


def showing(*works):
    return [NewCourse(title="a", items=[NewCourseItem(media_item_id=work) for work in works])]


async def test_a_changed_work_changes_in_every_menu(
    ana, person, catalogue, upserted, settled, read_public, events
):
    work = catalogue.add("Dune")
    private = await ana.create("Private", showing(work))
    await person().create("Public", showing(work, work), is_public=True)
    await person().create("Other", showing(catalogue.add()), is_public=True)
    other = await read_public("other")
    await upserted(work, 7, title="Dune!", metadata_json='{"a": "x\\u0000y"}')
    await settled("CATALOG", 1)
    item = (await ana.get(private.id)).courses[0].items[0]
    assert item.media_item.title == "Dune!"
    assert orjson.loads(item.media_item.metadata_json) == {"a": "xy"}
    shown = orjson.loads((await read_public("public")).document)["courses"][0]["items"]
    assert [item["media_item"]["title"] for item in shown] == ["Dune!", "Dune!"]
    assert await read_public("other") == other
    assert await events() == ["MenuPublished", "MenuPublished", "MenuChanged"]


async def test_only_newer_versions_count(ana, catalogue, upserted, settled):
    work = catalogue.add("first")
    menu = await ana.create("Sea", showing(work))
    for version, title in ((5, "five"), (4, "four"), (5, "five again"), (6, "six"), (1, "one")):
        await upserted(work, version, title=title)
    await settled("CATALOG", 5)
    assert (await ana.get(menu.id)).courses[0].items[0].media_item.title == "six"


async def test_what_was_said_before_the_first_answer_is_older(
    ana, catalogue, upserted, settled, streams
):
    work = catalogue.add("now")
    menu = await ana.create("Sea", showing(work))
    event = MediaItemUpserted(item=catalogue.items[work], version=3)
    event.item.title = "before"
    event.item.updated_at.seconds -= 60
    await streams["catalog"].publish(
        event.DESCRIPTOR.full_name,
        event.SerializeToString(),
        headers={MESSAGE_ID: str(uuid4())},
    )
    await settled("CATALOG", 1)
    assert (await ana.get(menu.id)).courses[0].items[0].media_item.title == "now"


async def test_a_work_on_no_menu_is_not_kept(database, catalogue, upserted, settled):
    await upserted(catalogue.add(), 1)
    await settled("CATALOG", 1)
    async with database.readers() as session:
        assert await session.scalar(select(func.count()).select_from(MediaSnapshot)) == 0


async def test_the_same_message_twice_has_one_effect(
    database, ana, catalogue, upserted, settled, consumers, events
):
    work = catalogue.add()
    await ana.create("Sea", showing(work), is_public=True)
    message_id = uuid4()
    await upserted(work, 1, message_id, title="one")
    await settled("CATALOG", 1)
    async with database.sessions.begin() as session:
        snapshot = await session.scalar(select(MediaSnapshot))
        snapshot.version, snapshot.title = 0, "as if it had not come"
    # The stream itself would drop a twin; a redelivery is what comes twice.
    consumer = consumers["CATALOG"]
    sequence = itertools.count()
    event = MediaItemUpserted(item=catalogue.items[work], version=1)
    await consumer.take(None, Redelivered(event, message_id, sequence))
    assert consumer.state.done.total == 2
    async with database.readers() as session:
        assert await session.scalar(select(MediaSnapshot.title)) == "as if it had not come"
    assert await events() == ["MenuPublished", "MenuChanged"]


class Redelivered:
    """A message whose acknowledgement was lost."""

    def __init__(self, event, message_id, acknowledged):
        self.subject = event.DESCRIPTOR.full_name
        self.data = event.SerializeToString()
        self.headers = {MESSAGE_ID: str(message_id)}
        self.acknowledged = acknowledged

    async def ack(self):
        next(self.acknowledged)


async def test_a_work_on_many_menus_is_done_in_batches(
    database, person, catalogue, upserted, settled, streams, read_public
):
    work = catalogue.add("Dune")
    count = 2 * snapshots.BATCH + 3
    await asyncio.gather(
        *(
            person().create(f"Sea {number}", showing(work), is_public=True)
            for number in range(count)
        )
    )
    stopping = asyncio.Event()
    relay = asyncio.create_task(Relay(database, streams["menus"], Outbox).run(stopping))
    try:
        await upserted(work, 1, title="Dune!")
        await settled("MENUS", 2)  # two further batches
    finally:
        stopping.set()
        await relay
    changed = await streams["menus"].stream_info("MENUS", subjects_filter=">")
    assert changed.state.subjects[MenuChanged.DESCRIPTOR.full_name] == count
    for number in range(count):
        document = orjson.loads((await read_public(f"sea-{number}")).document)
        assert document["courses"][0]["items"][0]["media_item"]["title"] == "Dune!"


async def test_an_edit_and_a_refresh_at_once_end_in_the_newest_document(
    ana, catalogue, upserted, settled, read_public
):
    work, others = catalogue.add("0"), catalogue.add_many(12)
    menu = await ana.create("Sea", [NewCourse(title="a")], is_public=True)
    course = menu.courses[0].id
    await ana.create("Keeps the work known", showing(work))

    async def edit():
        for other in others:
            await ana.add_item(menu.id, course, other, position=1)
            await ana.add_item(menu.id, course, work)

    async def change():
        for version in range(1, 25):
            await upserted(work, version, title=str(version))

    await asyncio.gather(edit(), change())
    await settled("CATALOG", 24)
    items = orjson.loads((await read_public("sea")).document)["courses"][0]["items"]
    titles = {i["media_item"]["title"] for i in items if i["media_item_id"] == work}
    assert titles == {"24"}


async def test_a_deleted_user_leaves_nothing(
    database, ana, person, catalogue, streams, settled, refused, read_public, events
):
    work = catalogue.add()
    await ana.create("Public", showing(work), is_public=True, idempotency_key="k")
    await ana.create("Private", showing(work))
    kept = await person().create("Kept", showing(work), is_public=True)
    event = UserDeleted(user_id=str(ana.id))
    for _ in range(2):
        await streams["auth"].publish(
            event.DESCRIPTOR.full_name,
            event.SerializeToString(),
            headers={MESSAGE_ID: str(uuid4())},
        )
    await settled("AUTH", 2)
    async with refused("MENU_NOT_FOUND"):
        await read_public("public")
    assert (await read_public("kept")).document
    async with database.readers() as session:
        assert [str(id_) for id_ in await session.scalars(select(Menu.id))] == [kept.id]
        assert await session.scalar(select(func.count()).select_from(Idempotency)) == 0
    assert await events() == ["MenuPublished", "MenuPublished", "MenuUnpublished"]
