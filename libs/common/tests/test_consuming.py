"""One effect per message, however often it is delivered."""

import asyncio
from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from common import dead_letters, patience, trying
from common.consuming import Consumer, Replayer
from common.declaring import declare
from common.jobs import Lane
from common.outbox import MESSAGE_ID
from tastebuds.menus.v1.menu_events_pb2 import MenuPublished, MenuUnpublished

SUBJECT = MenuPublished.DESCRIPTOR.full_name


async def say(jetstream, slug, kind=MenuPublished):
    subject, event = kind.DESCRIPTOR.full_name, kind(slug=slug)
    headers = {MESSAGE_ID: str(uuid4())}
    await jetstream.publish(subject, event.SerializeToString(), headers=headers)


async def effects(database, tables):
    async with database.readers() as session:
        return list(await session.scalars(select(tables.Effect.name).order_by(tables.Effect.name)))


async def buried(jetstream):
    return (await jetstream.stream_info(dead_letters.STREAM)).state.messages


QUICK = Lane("replays", most_attempts=3, backoff_seconds=(0.01,))


@pytest.fixture
def impatient(monkeypatch):
    """An outage is over soon."""
    monkeypatch.setitem(vars(trying), "AWAY_SECONDS", 0.01)
    for name in ("AWAY", "UNKNOWN"):
        quick = replace(vars(patience)[name], seconds=0.02)
        monkeypatch.setitem(vars(patience), name, quick)


def consumer_of(database, tables, handler):
    return Consumer("menus", "MENUS", {MenuPublished: handler}, database, tables.Inbox, lane=QUICK)


def both_of(database, tables, jetstream, handler):
    """What a process runs: the consumer, and the lane where failed events go on."""
    replayer = Replayer("menus", {MenuPublished: handler}, database, tables.Inbox, lane=QUICK)
    consumer = consumer_of(database, tables, handler)
    return [partial(part.run, jetstream) for part in (consumer, replayer)]


def keeper(tables):
    async def keep(session, event):
        session.add(tables.Effect(name=event.slug))

    return keep


async def test_a_message_has_its_effect(database, tables, jetstream, running, eventually):
    consumer = consumer_of(database, tables, keeper(tables))
    async with running(partial(consumer.run, jetstream)):
        await say(jetstream, "a")
        await eventually(partial(shows, database, tables, ["a"]))
    assert consumer.state.done.last_minute() == 1


async def shows(database, tables, names):
    return await effects(database, tables) == names


async def test_a_message_that_comes_again_has_no_second_effect(
    database, tables, jetstream, connect_nats
):
    consumer = consumer_of(database, tables, keeper(tables))
    await jetstream.add_consumer(
        "MENUS", name="menus", durable_name="menus", ack_wait=0.2, ack_policy="explicit"
    )
    await say(jetstream, "a")
    subscription = await jetstream.pull_subscribe_bind("menus", stream="MENUS")
    [first] = await subscription.fetch(1, timeout=5)
    [again] = await subscription.fetch(1, timeout=5)  # the acknowledgement did not come in time
    await consumer.take(jetstream, first)
    await consumer.take(jetstream, again)
    assert await effects(database, tables) == ["a"]


async def test_a_failure_takes_its_half_done_effects_back_and_is_tried_again(
    database, tables, jetstream, running, eventually, impatient
):
    attempts = []

    async def fail_once(session, event):
        session.add(tables.Effect(name=event.slug))
        await session.flush()
        attempts.append(event.slug)
        if len(attempts) == 1:
            raise RuntimeError("the first time never works")

    async with running(*both_of(database, tables, jetstream, fail_once)):
        await say(jetstream, "a")
        await eventually(partial(shows, database, tables, ["a"]))
    assert len(attempts) == 2
    assert await buried(jetstream) == 0


async def test_an_outage_of_the_database_is_no_failure_of_the_message(
    database, tables, jetstream, running, eventually, impatient
):
    troubles = [ConnectionError("the database is away")] * 5 + [RuntimeError("a deadlock")] * 2

    async def struggle(session, event):
        if troubles:
            raise troubles.pop(0)
        session.add(tables.Effect(name=event.slug))

    async with running(*both_of(database, tables, jetstream, struggle)):
        await say(jetstream, "a")
        await eventually(partial(shows, database, tables, ["a"]))
    assert not troubles
    assert await buried(jetstream) == 0


async def test_a_poison_message_is_buried_with_its_reason_and_holds_nobody_up(
    database, tables, jetstream, running, eventually, impatient
):
    async def refuse_poison(session, event):
        if event.slug == "poison":
            raise RuntimeError("cannot be done")
        session.add(tables.Effect(name=event.slug))

    async with running(*both_of(database, tables, jetstream, refuse_poison)):
        await say(jetstream, "poison")
        await say(jetstream, "good")
        await eventually(partial(shows, database, tables, ["good"]))
        await eventually(partial(has_dead_letters, jetstream, 1))
    letter = await jetstream.get_last_msg(dead_letters.STREAM, "dlq.menus.waiting.menus-replays")
    assert letter.headers["Dlq-Subject"] == f"job.menus.replays.{SUBJECT}"
    assert letter.headers["Dlq-Attempts"] == "3"
    assert "cannot be done" in letter.headers["Dlq-Error"]
    assert MenuPublished.FromString(letter.data).slug == "poison"


async def has_dead_letters(jetstream, count):
    return await buried(jetstream) == count


async def test_rubbish_is_buried_at_once(database, tables, jetstream, running, eventually):
    consumer = consumer_of(database, tables, keeper(tables))
    async with running(partial(consumer.run, jetstream)):
        await jetstream.publish(SUBJECT, b"\xff\xff", headers={MESSAGE_ID: str(uuid4())})
        await jetstream.publish(SUBJECT, b"", headers={})
        await eventually(partial(has_dead_letters, jetstream, 2))
    assert await effects(database, tables) == []


async def test_replicas_share_the_messages(database, tables, jetstream, running, eventually):
    one, two = (consumer_of(database, tables, keeper(tables)) for _ in range(2))
    async with running(partial(one.run, jetstream), partial(two.run, jetstream)):
        for number in range(60):
            await say(jetstream, f"{number:02}")
        await eventually(partial(has_effects, database, tables, 60))
    assert one.state.done.total + two.state.done.total == 60


async def has_effects(database, tables, count):
    async with database.readers() as session:
        return await session.scalar(select(func.count()).select_from(tables.Effect)) == count


async def test_an_older_replica_takes_no_events_away_from_a_newer_one(
    database, tables, jetstream, running, eventually, impatient
):
    keep = keeper(tables)
    newer = {MenuPublished: keep, MenuUnpublished: keep}
    own = (database, tables.Inbox)
    old = Consumer("menus", "MENUS", {MenuPublished: keep}, *own, lane=QUICK)
    new = Consumer("menus", "MENUS", newer, *own, lane=QUICK)
    replayer = Replayer("menus", newer, *own, lane=QUICK)
    await declare(jetstream, new.state, most_pending=10)
    async with running(partial(old.run, jetstream)):
        await say(jetstream, "a", kind=MenuUnpublished)
        await say(jetstream, "b")
        await eventually(partial(shows, database, tables, ["b"]))
        async with running(partial(replayer.run, jetstream)):
            await eventually(partial(shows, database, tables, ["a", "b"]))
    assert await buried(jetstream) == 0


async def test_two_services_that_fail_at_the_same_event_both_get_it_again(
    database, tables, jetstream, connect_nats, running, eventually
):
    tries = []

    def failing(service):
        async def handle(session, event):
            tries.append(service)
            raise RuntimeError("it never works")

        return handle

    def parts_of(service, stream):
        own = (service, {MenuPublished: failing(service)}, database, tables.Inbox)
        yield partial(Replayer(*own, lane=QUICK).run, stream)
        consumer = Consumer(service, "MENUS", *own[1:], lane=QUICK)
        yield partial(consumer.run, stream)

    async with connect_nats("ingest") as client:
        parts = [*parts_of("menus", jetstream), *parts_of("ingest", client.jetstream())]
        async with running(*parts):
            await say(jetstream, "a")
            await eventually(partial(has_dead_letters, jetstream, 2))
    assert sorted(tries) == ["ingest"] * 3 + ["menus"] * 3


async def test_a_stop_leaves_the_rest_of_a_batch_to_others_at_once(
    database, tables, jetstream, running, eventually
):
    names = [f"{number:02}" for number in range(20)]
    begun = []

    async def slowly(session, event):
        begun.append(event.slug)
        await asyncio.sleep(0.5)
        session.add(tables.Effect(name=event.slug))

    for name in names:
        await say(jetstream, name)
    async with running(partial(consumer_of(database, tables, slowly).run, jetstream)):
        await eventually(partial(has_begun, begun))
    assert len(begun) < 5
    assert await effects(database, tables) == begun
    quick = consumer_of(database, tables, keeper(tables))
    async with running(partial(quick.run, jetstream)):
        await eventually(partial(shows, database, tables, names), seconds=5)


async def test_a_stop_does_not_wait_for_messages_that_nobody_sent(database, tables, jetstream):
    consumer, stopping = consumer_of(database, tables, keeper(tables)), asyncio.Event()
    consuming = asyncio.create_task(consumer.run(jetstream, stopping))
    await asyncio.sleep(0.3)  # by now it waits
    stopping.set()
    async with asyncio.timeout(0.5):
        await consuming


async def has_begun(begun):
    return bool(begun)
