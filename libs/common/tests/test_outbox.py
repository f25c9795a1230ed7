"""Every event leaves, once in effect, whatever dies in between."""

import asyncio
import signal
from functools import partial

import pytest
from prometheus_client import REGISTRY

from common import outbox
from common.outbox import Relay, depth
from tastebuds.menus.v1.menu_events_pb2 import MenuPublished


async def write(database, tables, slugs):
    async with database.sessions.begin() as session:
        session.add_all([tables.Outbox.of(MenuPublished(slug=slug)) for slug in slugs])


@pytest.fixture
def published(connect_nats):
    """Slugs of all events on the stream, in order."""

    async def read():
        async with connect_nats("admin") as admin:
            stream = admin.jetstream()
            count = (await stream.stream_info("MENUS")).state.messages
            if not count:
                return []
            consumer = await stream.pull_subscribe("tastebuds.menus.v1.>", stream="MENUS")
            messages = await consumer.fetch(count, timeout=5)
            return [MenuPublished.FromString(message.data).slug for message in messages]

    return read


async def test_an_event_is_on_its_way_at_once_and_its_row_is_gone(
    database, tables, jetstream, published, running, eventually
):
    relay = Relay(database, jetstream, tables.Outbox)
    async with running(relay.run):
        await asyncio.sleep(0.2)
        began = asyncio.get_running_loop().time()
        await write(database, tables, ["a"])
        await eventually(partial(is_empty, database, tables))
        assert asyncio.get_running_loop().time() - began < 0.8  # NOTIFY, not the poll of a second
    assert await published() == ["a"]


async def is_empty(database, tables):
    return (await depth(database, tables.Outbox))[0] == 0


async def test_the_order_of_writing_is_the_order_of_publishing(
    database, tables, jetstream, published, running, eventually
):
    slugs = [f"menu-{number}" for number in range(450)]
    await write(database, tables, slugs)
    async with running(Relay(database, jetstream, tables.Outbox).run):
        await eventually(partial(is_empty, database, tables))
    assert await published() == slugs


async def test_what_is_rolled_back_is_never_said(database, tables, jetstream, published, running):
    async with running(Relay(database, jetstream, tables.Outbox).run):
        async with database.sessions() as session:
            session.add(tables.Outbox.of(MenuPublished(slug="never")))
            await session.flush()
            await session.rollback()
        await asyncio.sleep(0.3)
    assert await published() == []


async def test_two_relays_publish_nothing_twice_and_one_takes_over(
    database, tables, jetstream, published, running, eventually
):
    first, second = (Relay(database, jetstream, tables.Outbox) for _ in range(2))
    async with running(second.run):
        async with running(first.run):
            await write(database, tables, ["a", "b"])
            await eventually(partial(is_empty, database, tables))
        await write(database, tables, ["c"])
        await eventually(partial(is_empty, database, tables))
    assert await published() == ["a", "b", "c"]


class Frozen(Relay):
    """As if its process had been stopped, with its connection open."""

    async def _rest(self):
        await asyncio.sleep(8)


async def test_a_leader_that_freezes_is_replaced(
    database, tables, jetstream, published, running, eventually, monkeypatch
):
    monkeypatch.setitem(vars(outbox), "SILENT_MILLISECONDS", 300)
    async with running(Frozen(database, jetstream, tables.Outbox).run):
        await asyncio.sleep(0.2)  # it leads
        monkeypatch.undo()
        async with running(Relay(database, jetstream, tables.Outbox).run):
            await write(database, tables, ["a"])
            await eventually(partial(is_empty, database, tables), seconds=4)
    assert await published() == ["a"]


async def test_a_relay_that_stands_by_is_quiet_after_news(
    database, tables, jetstream, running, eventually
):
    relays = [Relay(database, jetstream, tables.Outbox) for _ in range(2)]
    async with running(*(relay.run for relay in relays)):
        await asyncio.sleep(0.2)  # both listen
        await write(database, tables, ["a"])
        await eventually(partial(is_empty, database, tables))
        before = REGISTRY.get_sample_value("sql_statements_total")
        await asyncio.sleep(0.5)
        assert REGISTRY.get_sample_value("sql_statements_total") - before < 10


async def test_a_crash_between_publishing_and_deleting_repeats_nothing(
    database, tables, jetstream, running, eventually
):
    await write(database, tables, ["a"])
    row_id = await only_row(database, tables)
    relay = Relay(database, jetstream, tables.Outbox)
    headers = {"Nats-Msg-Id": str(row_id)}
    await jetstream.publish(MenuPublished.DESCRIPTOR.full_name, b"", headers=headers)
    async with running(relay.run):
        await eventually(partial(is_empty, database, tables))
    assert (await jetstream.stream_info("MENUS")).state.messages == 1


async def only_row(database, tables):
    async with database.readers() as session:
        rows = tables.Outbox.__table__
        return (await session.execute(rows.select())).one().message_id


async def test_a_killed_nats_server_delays_events_and_loses_none(
    database, tables, jetstream, published, running, eventually, nats_server
):
    async with running(Relay(database, jetstream, tables.Outbox).run):
        await write(database, tables, ["before"])
        await eventually(partial(is_empty, database, tables))
        killing = asyncio.to_thread(nats_server.restart, signal.SIGKILL)
        await asyncio.gather(killing, write(database, tables, ["during"]))
        await write(database, tables, ["after"])
        await eventually(partial(is_empty, database, tables), seconds=20)
    assert await published() == ["before", "during", "after"]
