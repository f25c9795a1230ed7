"""A dead letter is seen, explained, and replayed once what was wrong is mended, or set aside."""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import select

from common import claims, dead_letters, jobs, mending
from common.consuming import Consumer, Replayer
from common.db import now
from common.jobs import Job, Lane
from common.letters import Wanted
from common.mending import DeadLetters
from common.outbox import MESSAGE_ID
from common.working import Worker
from tastebuds.ingest.v1.work_pb2 import IngestItemDue
from tastebuds.menus.v1.menu_events_pb2 import MenuPublished

ONCE = Lane("sweeps", most_attempts=1)
TWICE = Lane("sweeps", most_attempts=2, backoff_seconds=(0.01,))
REPLAYS = Lane("replays", most_attempts=2, backoff_seconds=(0.01,))
EVERY = Wanted()


@pytest.fixture
def letters(jetstream):
    return DeadLetters(jetstream, "menus")


async def refuse(due, delivery):
    raise RuntimeError(f"{due.job_item_id} cannot be done")


def refusing(lane=ONCE):
    return Worker("menus", lane, {IngestItemDue: Job(refuse)})


@pytest.fixture
def bury(jetstream, running, eventually, letters):
    """Send jobs that cannot be done; each becomes a letter with its name in the error."""

    async def run(*names, lane=ONCE):
        there = await letters.count()
        async with running(partial(refusing(lane).run, jetstream)):
            for name in names:
                await send(jetstream, name, lane)
            await eventually(partial(has_letters, letters, there + len(names)))

    return run


async def send(jetstream, name, lane=ONCE):
    await jetstream.publish(
        jobs.subject("menus", lane.name, IngestItemDue),
        IngestItemDue(job_item_id=name).SerializeToString(),
        headers={jobs.MESSAGE_ID: str(uuid4())},
    )


async def has_letters(letters, count):
    return await letters.count() == count


def names_of(page):
    found, _ = page
    return [IngestItemDue.FromString(letter.body).job_item_id for letter in found]


async def ids_of(letters, wanted=EVERY):
    found, _ = await letters.page(wanted, 0, 100)
    return [letter.letter_id for letter in found]


async def test_a_letter_says_what_happened(letters, bury):
    began = now()
    await bury("a")
    [letter], end = await letters.page(EVERY, 0, 10)
    assert end == 0
    assert (letter.service, letter.consumer) == ("menus", "menus-sweeps")
    assert (letter.stream, letter.subject) == ("JOBS", "job.menus.sweeps.IngestItemDue")
    assert (letter.attempts, letter.error) == (1, "RuntimeError: a cannot be done")
    assert began <= letter.buried_at <= now()
    assert letter.discarded_by == letter.discard_reason == ""


async def test_letters_are_listed_page_by_page(letters, bury):
    await bury("a", "b", "c", "d", "e")
    listed, after = [], 0
    for _ in range(3):
        page = found, after = await letters.page(EVERY, after, 2)
        assert found
        listed += names_of(page)
    assert after == 0
    assert sorted(listed) == ["a", "b", "c", "d", "e"]


async def test_a_page_is_looked_for_among_so_many(letters, bury, monkeypatch):
    monkeypatch.setitem(vars(mending), "MOST_READ", 2)
    for name in ("a", "b", "c", "d", "rare"):  # in this order
        await bury(name)
    wanted, pages, after = Wanted(text="rare"), [], 0
    for _ in range(3):
        found, after = await letters.page(wanted, after, 10)
        pages.append(names_of((found, after)))
    assert (pages, after) == ([[], [], ["rare"]], 0)


async def test_letters_are_found_by_consumer_and_text(letters, bury):
    await bury("apple", "pear")
    await bury("peach", lane=Lane("replays", most_attempts=1))
    assert names_of(await letters.page(Wanted(consumer="menus-replays"), 0, 10)) == ["peach"]
    assert names_of(await letters.page(Wanted(text="APPLE cannot"), 0, 10)) == ["apple"]
    assert len(names_of(await letters.page(Wanted(text="job.menus"), 0, 10))) == 3
    for nothing in ("menus", "menus.>", "*", "menus sweeps"):
        assert await letters.page(Wanted(consumer=nothing), 0, 10) == ([], 0)


async def test_a_job_that_was_mended_is_done_when_replayed(
    jetstream, letters, bury, running, eventually
):
    done = []

    async def mended(due, delivery):
        done.append((due.job_item_id, delivery.attempt))

    async def both_are():
        return sorted(done) == [("a", 1), ("b", 1)]

    await bury("a", "b", "c", lane=TWICE)
    first = await ids_of(letters)
    worker = Worker("menus", TWICE, {IngestItemDue: Job(mended)})
    async with running(partial(worker.run, jetstream)):
        chosen = [
            letter.letter_id
            for letter in (await letters.page(EVERY, 0, 10))[0]
            if "c cannot" not in letter.error
        ]
        assert await letters.replay([*chosen, 4711]) == chosen
        assert await letters.replay(chosen) == []
        await eventually(both_are)
    assert set(await ids_of(letters)) == set(first) - set(chosen)


async def test_a_replayed_job_that_fails_again_is_a_new_letter(
    jetstream, letters, bury, running, eventually
):
    await bury("a")
    [old] = await ids_of(letters)
    await letters.replay([old])
    assert await letters.count() == 0
    async with running(partial(refusing().run, jetstream)):
        await eventually(partial(has_letters, letters, 1))
    [new], _ = await letters.page(EVERY, 0, 10)
    assert new.letter_id > old
    assert (new.attempts, new.error) == (1, "RuntimeError: a cannot be done")


async def test_an_event_that_was_mended_has_its_effect_once_when_replayed(
    database, tables, jetstream, letters, running, eventually
):
    is_mended = False

    async def handle(session, event):
        if not is_mended:
            raise RuntimeError("cannot be done")
        session.add(tables.Effect(name=event.slug))

    async def effects():
        async with database.readers() as session:
            return list(await session.scalars(select(tables.Effect.name)))

    async def has_effect():
        return await effects() == ["a"]

    handlers = {MenuPublished: handle}
    parts = (
        Consumer("menus", "MENUS", handlers, database, tables.Inbox, lane=REPLAYS),
        Replayer("menus", handlers, database, tables.Inbox, lane=REPLAYS),
    )
    async with running(*(partial(part.run, jetstream) for part in parts)):
        event = MenuPublished(slug="a").SerializeToString()
        headers = {MESSAGE_ID: str(uuid4())}
        await jetstream.publish(MenuPublished.DESCRIPTOR.full_name, event, headers=headers)
        await eventually(partial(has_letters, letters, 1))
        is_mended = True
        [letter], _ = await letters.page(EVERY, 0, 10)
        assert letter.attempts == 2
        await letters.replay([letter.letter_id])
        await eventually(has_effect)
        # Another copy, as a crash between publishing and deleting may leave one.
        await jetstream.publish(letter.subject, letter.body, headers=headers)
        await eventually(partial(is_idle, jetstream))
    assert await effects() == ["a"]


async def is_idle(jetstream):
    return (await jetstream.stream_info(jobs.STREAM)).state.messages == 0


async def test_an_event_nobody_understood_is_replayed_to_this_service_alone(
    database, tables, jetstream, letters, running, eventually
):
    seen = []

    async def note(session, event):
        seen.append(event.slug)

    async def has_seen():
        return seen == [""]

    handlers = {MenuPublished: note}
    subject = MenuPublished.DESCRIPTOR.full_name
    consumer = Consumer("menus", "MENUS", handlers, database, tables.Inbox)
    replayer = Replayer("menus", handlers, database, tables.Inbox)
    async with running(*(partial(part.run, jetstream) for part in (consumer, replayer))):
        await jetstream.publish(subject, b"")  # without an id
        await eventually(partial(has_letters, letters, 1))
        [letter], _ = await letters.page(EVERY, 0, 10)
        assert (letter.consumer, letter.subject) == ("menus", subject)
        assert "no id" in letter.error
        await letters.replay([letter.letter_id])
        await eventually(has_seen)
    assert (await jetstream.stream_info("MENUS")).state.messages == 1


async def test_a_discarded_letter_stays_listed_with_who_and_why(letters, bury):
    await bury("a", "b")
    doomed, kept = await ids_of(letters)
    moved = await letters.discard([doomed, 4711], "sent\nby mistake", "ana@example.org")
    assert list(moved) == [doomed]
    assert await ids_of(letters) == [kept]
    assert await letters.count() == 1
    [letter], _ = await letters.page(Wanted(discarded=True), 0, 10)
    assert letter.letter_id == moved[doomed]
    assert (letter.discarded_by, letter.discard_reason) == ("ana@example.org", "sent by mistake")
    assert letter.error.endswith("cannot be done")
    assert await letters.discard([letter.letter_id], "again", "ana@example.org") == {}
    assert await letters.replay([letter.letter_id]) == [letter.letter_id]


async def test_errors_and_reasons_may_be_in_any_language(letters, bury):
    await bury("Łódź → Jóga")
    [letter_id] = await ids_of(letters, Wanted(text="łódź → jóga cannot"))
    assert await letters.discard([letter_id], "smazáno", by="ana")
    [letter], _ = await letters.page(Wanted(discarded=True), 0, 10)
    assert (letter.error, letter.discard_reason) == (
        "RuntimeError: Łódź → Jóga cannot be done", "smazáno",
    )  # fmt: skip


async def test_of_those_who_move_a_letter_at_the_same_time_one_does(letters, bury, jetstream):
    await bury("a")
    [letter_id] = await ids_of(letters)
    moved = await asyncio.gather(
        *(letters.replay([letter_id]) for _ in range(4)),
        *(letters.discard([letter_id], "no need", by="ana") for _ in range(4)),
    )
    assert sorted(map(list, moved)) == [[]] * 7 + [[letter_id]]
    replayed = (await jetstream.stream_info(jobs.STREAM)).state.messages
    left = (await jetstream.stream_info(dead_letters.STREAM)).state.messages
    assert (replayed, left) in ((1, 0), (0, 1))


async def test_a_claim_of_one_who_died_lapses(letters, bury, jetstream, monkeypatch):
    await bury("a")
    [letter_id] = await ids_of(letters)
    await jetstream.publish(dead_letters.claim("menus", letter_id), b"")
    assert await letters.replay([letter_id]) == []
    assert await ids_of(letters) == [letter_id]
    monkeypatch.setitem(vars(claims), "CLAIM", timedelta(seconds=0.1))
    await asyncio.sleep(0.2)
    assert await letters.replay([letter_id]) == [letter_id]


async def test_nobody_moves_the_letters_of_another(letters, bury, jetstream, connect_nats):
    await bury("a")
    found = await ids_of(letters)
    async with connect_nats("ingest") as client:
        theirs = DeadLetters(client.jetstream(), "ingest")
        assert await theirs.page(EVERY, 0, 10) == ([], 0)
        assert await theirs.replay(found) == []
        assert await theirs.discard(found, "mine now", "ingest") == {}
    assert await ids_of(letters) == found


async def test_old_letters_are_forgotten_in_bounded_batches(letters, bury, jetstream):
    await bury("a", "b", "c")
    await letters.discard((await ids_of(letters))[:1], "no need", "ana@example.org")
    then = now()
    await bury("d")
    assert await letters.forget(then - timedelta(days=1), 10) == 0
    assert await letters.forget(then, 2) == 2
    assert await letters.forget(then, 10) == 1
    assert names_of(await letters.page(EVERY, 0, 10)) == ["d"]
    assert (await jetstream.stream_info(dead_letters.STREAM)).state.messages == 1
