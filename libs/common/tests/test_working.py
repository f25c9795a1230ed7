"""A job is done once it has worked, waits without holding anybody up, and is never lost."""

import asyncio
import signal
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import grpc
import pytest
from sqlalchemy import func, select, text
from structlog.testing import capture_logs

from common import db, failures, jobs, patience, trying
from common.inbox import is_first
from common.jobs import HandOver, Job, Lane, TryLater
from common.outbox import Relay
from common.requests import REQUEST_ID, current
from common.working import Worker
from tastebuds.ingest.v1.work_pb2 import IngestItemDue, WebhookReceived

TMDB = Lane("tmdb", concurrency=4, most_attempts=3, backoff_seconds=(0.05,))
WEBHOOKS = Lane("webhooks", concurrency=4, most_attempts=3, backoff_seconds=(0.05,))


@pytest.fixture
async def ingest(jetstream, connect_nats):
    """JetStream as ingest may use it."""
    async with connect_nats("ingest") as client:
        yield client.jetstream()


@pytest.fixture
def impatient(monkeypatch):
    """What is away or unknown is tried again soon, and not very often."""
    monkeypatch.setitem(vars(trying), "AWAY_SECONDS", 0.02)
    for name in ("AWAY", "UNKNOWN"):
        quick = replace(vars(patience)[name], seconds=0.02, most=4)
        monkeypatch.setitem(vars(patience), name, quick)


class Doer:
    """Handles jobs by asking `troubles` for each; notes tries, and what was done in order."""

    def __init__(self, trouble=None):
        self.tries, self.done, self.given_up = [], [], []
        self.trouble = trouble

    async def handle(self, due, delivery):
        self.tries.append((due.job_item_id, delivery.attempt))
        if self.trouble is not None:
            await self.trouble(due.job_item_id, delivery)
        self.done.append(due.job_item_id)

    async def give_up(self, due, delivery, words):
        self.given_up.append((due.job_item_id, delivery.attempt, words))

    async def note(self, received, delivery):
        self.tries.append((received.webhook_event_id, delivery.attempt))
        self.done.append(received.webhook_event_id)

    def worker(self, lane=TMDB, **options):
        return Worker("ingest", lane, {IngestItemDue: Job(self.handle, self.give_up)}, **options)

    async def has_done(self, *names):
        return sorted(self.done) == sorted(names)


async def send(stream, name, lane=TMDB, **headers):
    await stream.publish(
        jobs.subject("ingest", lane.name, IngestItemDue),
        IngestItemDue(job_item_id=name).SerializeToString(),
        headers={jobs.MESSAGE_ID: str(uuid4())} | headers,
    )


async def is_empty(stream):
    """No job waits, is scheduled, or is not yet acknowledged."""
    return (await stream.stream_info(jobs.STREAM)).state.messages == 0


async def letters(stream):
    """All dead letters."""
    count = (await stream.stream_info("DLQ")).state.messages
    return [await stream.get_msg("DLQ", number) for number in range(1, count + 1)]


async def has_letters(stream, count):
    return len(await letters(stream)) == count


async def test_what_worked_is_done(ingest, running, eventually):
    doer = Doer()
    worker = doer.worker()
    async with running(partial(worker.run, ingest)):
        await send(ingest, "a")
        await eventually(partial(doer.has_done, "a"))
        await eventually(partial(is_empty, ingest))
    assert doer.tries == [("a", 1)]
    assert worker.state.done.last_minute() == worker.state.done.last_hour() == 1


async def test_a_job_has_its_effect_once_though_nats_is_killed(
    database, tables, jetstream, ingest, running, eventually, nats_server
):
    async def work(due, delivery):
        async with database.sessions.begin() as session:
            if await is_first(session, tables.Inbox, delivery.message_id):
                session.add(tables.Effect(name=due.job_item_id))

    async def write(names):
        async with database.sessions.begin() as session:
            rows = [IngestItemDue(job_item_id=name) for name in names]
            session.add_all([tables.Outbox.job("ingest", "tmdb", row) for row in rows])

    async def count(distinct):
        async with database.readers() as session:
            names = tables.Effect.name.distinct() if distinct else tables.Effect.name
            return await session.scalar(select(func.count(names)))

    async def all_done():
        return await count(distinct=True) == 400 and await is_empty(ingest)

    worker = Worker("ingest", TMDB, {IngestItemDue: Job(work)})
    async with running(Relay(database, ingest, tables.Outbox).run, partial(worker.run, ingest)):
        for start in range(0, 400, 100):
            await write([str(number) for number in range(start, start + 100)])
            if start:
                await asyncio.to_thread(nats_server.restart, signal.SIGKILL)
        await eventually(all_done, seconds=60)
    assert await count(distinct=False) == 400


async def test_forty_that_wait_hold_nobody_up_and_come_back_in_time(ingest, running, eventually):
    asked = {}

    async def not_yet(name, delivery):
        if name.startswith("limited") and delivery.attempt == 1:
            asked[name] = time.monotonic()
            raise TryLater("the source answers 429", after=2)

    async def asked_all():
        return len(asked) == 40

    doer = Doer(not_yet)
    limited = [f"limited {number}" for number in range(40)]
    async with running(partial(doer.worker().run, ingest)):
        for name in limited:
            await send(ingest, name)
        await eventually(asked_all)
        await send(ingest, "good")
        began = time.monotonic()
        await eventually(partial(doer.has_done, "good"))
        assert time.monotonic() - began < 1
        await eventually(partial(doer.has_done, "good", *limited))
        assert time.monotonic() - min(asked.values()) >= 2
        assert time.monotonic() - max(asked.values()) < 4
        await eventually(partial(is_empty, ingest))


async def test_attempts_survive_the_process(ingest, running, eventually):
    async def fail(name, delivery):
        raise RuntimeError("not today")

    first = Doer(fail)
    lane = Lane("tmdb", most_attempts=2, backoff_seconds=(3,))  # longer than a stop takes
    async with running(partial(first.worker(lane).run, ingest)):
        await send(ingest, "a")
        await eventually(partial(has_tried, first, 1))
    second = Doer(fail)
    async with running(partial(second.worker(lane).run, ingest)):
        await eventually(partial(has_letters, ingest, 1))
    assert (first.tries, second.tries) == ([("a", 1)], [("a", 2)])


async def has_tried(doer, count):
    return len(doer.tries) >= count


async def test_a_wait_for_its_turn_is_no_attempt(ingest, running, eventually):
    async def wait_five_times(name, delivery):
        if len(doer.tries) < 6:
            raise TryLater("an earlier one first", after=0, counted=False)

    doer = Doer(wait_five_times)
    worker = doer.worker()
    async with running(partial(worker.run, ingest)):
        await send(ingest, "a")
        await eventually(partial(doer.has_done, "a"))
    assert doer.tries == [("a", 1)] * 6
    assert worker.state.failed.total == 0


async def test_without_a_trace_the_request_is_named(ingest, running, eventually):
    async def fail(name, delivery):
        assert current.get().request_id == "req-7"
        raise RuntimeError("cannot be done")

    doer = Doer(fail)
    async with running(partial(doer.worker().run, ingest)):
        await send(ingest, "a", **{REQUEST_ID: "req-7", jobs.MESSAGE_ID: str(uuid4())})
        await eventually(partial(has_letters, ingest, 1))
    [letter] = await letters(ingest)
    assert letter.headers["Dlq-Trace-Id"] == "req-7"
    assert letter.headers["Dlq-Error"] == "RuntimeError: cannot be done"


async def test_the_last_failure_makes_a_dead_letter_with_all_that_explains_it(
    ingest, running, eventually
):
    async def fail(name, delivery):
        raise RuntimeError("cannot\nbe done")

    doer = Doer(fail)
    worker = doer.worker()
    trace = "0af7651916cd43dd8448eb211c80319c"
    message_id = str(uuid4())
    carried = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "X-Own": "kept"}
    async with running(partial(worker.run, ingest)):
        await send(ingest, "a", **carried, **{jobs.MESSAGE_ID: message_id})
        await eventually(partial(has_letters, ingest, 1))
        await eventually(partial(is_empty, ingest))
    assert doer.tries == [("a", 1), ("a", 2), ("a", 3)]
    assert doer.given_up == [("a", 3, "RuntimeError: cannot\nbe done")]
    [letter] = await letters(ingest)
    assert letter.subject == "dlq.ingest.waiting.ingest-tmdb"
    assert IngestItemDue.FromString(letter.data).job_item_id == "a"
    expected = {
        "Dlq-Subject": "job.ingest.tmdb.IngestItemDue", "Dlq-Stream": "JOBS", "Dlq-Attempts": "3",
        "Dlq-Error": "RuntimeError: cannot be done", "Dlq-Trace-Id": trace,
        jobs.MESSAGE_ID: message_id, **carried,
    }  # fmt: skip
    assert expected.items() <= letter.headers.items()
    assert worker.state.failed.total == 3
    assert worker.state.dead.total == 1
    assert "cannot be done" in worker.state.last_error
    assert db.now() - worker.state.last_error_at < timedelta(seconds=10)


async def test_giving_up_that_fails_keeps_nobody_from_being_buried(ingest, running, eventually):
    async def fail(due, delivery):
        raise RuntimeError("cannot be done")

    async def give_up(due, delivery, words):
        raise LookupError("nor given up")

    worker = Worker("ingest", Lane("tmdb", most_attempts=1), {IngestItemDue: Job(fail, give_up)})
    async with running(partial(worker.run, ingest)):
        await send(ingest, "a")
        await eventually(partial(has_letters, ingest, 1))
    [letter] = await letters(ingest)
    assert "cannot be done" in letter.headers["Dlq-Error"]
    assert "nor given up" in letter.headers["Dlq-Error"]


async def test_a_job_of_another_lane_goes_there_with_its_attempt(ingest, running, eventually):
    async def hand_over(name, delivery):
        if delivery.attempt == 1:
            raise TryLater("once more first", after=0)
        raise HandOver("tmdb")

    here, there = Doer(hand_over), Doer()
    parts = (here.worker(WEBHOOKS), there.worker(TMDB))
    async with running(*(partial(part.run, ingest) for part in parts)):
        await send(ingest, "a", WEBHOOKS)
        await eventually(partial(there.has_done, "a"))
        await eventually(partial(is_empty, ingest))
    assert there.tries == [("a", 2)]


async def test_what_nobody_understands_is_a_dead_letter_at_once(ingest, running, eventually):
    subject = jobs.subject("ingest", "tmdb", IngestItemDue)
    named = {jobs.MESSAGE_ID: str(uuid4())}
    doer = Doer()
    async with running(partial(doer.worker().run, ingest)):
        for to, body, headers in (
            (subject, b"\xff\xff", named),
            (subject, b"", {}),
            (subject, b"", {jobs.MESSAGE_ID: "not a uuid"}),
            (subject, b"", named | {jobs.ATTEMPT: "often"}),
        ):
            await ingest.publish(to, body, headers=headers)
        await send(ingest, "good")
        await eventually(partial(doer.has_done, "good"))
        await eventually(partial(has_letters, ingest, 4))
        await eventually(partial(is_empty, ingest))
    reasons = [letter.headers["Dlq-Error"] for letter in await letters(ingest)]
    assert all(reason.startswith("malformed: ") for reason in reasons)


async def test_what_a_recurring_schedule_fires_has_an_id_of_its_own(ingest, running, eventually):
    ids = set()

    async def note(due, delivery):
        ids.add(delivery.message_id)

    async def fired_twice():
        return len(ids) == 2

    worker = Worker("ingest", TMDB, {IngestItemDue: Job(note)})
    schedule = {
        "Nats-Schedule": "@every 1s",
        "Nats-Schedule-Target": jobs.subject("ingest", "tmdb", IngestItemDue),
    }
    async with running(partial(worker.run, ingest)):
        await ingest.publish("sched.ingest.tick", b"", headers=schedule)
        await eventually(fired_twice)


async def test_while_the_database_is_away_no_attempt_is_counted(
    database, ingest, running, eventually, impatient
):
    async with db.connect("postgresql+asyncpg://menus@127.0.0.1:9/menus") as nobody:

        async def ask(name, delivery):
            await (database if len(doer.tries) > 5 else nobody).ping()

        doer = Doer(ask)
        worker = doer.worker()
        async with running(partial(worker.run, ingest)):
            await send(ingest, "a")
            await eventually(partial(doer.has_done, "a"))
    assert doer.tries == [("a", 1)] * 6
    assert worker.state.failed.total == 0
    assert worker.state.last_error


async def test_while_a_peer_is_away_no_attempt_is_counted(ingest, running, eventually, impatient):
    async with grpc.aio.insecure_channel("127.0.0.1:9") as channel:
        peer = channel.unary_unary("/nobody/Answers")

        async def ask(name, delivery):
            if len(doer.tries) < 6:
                await peer(b"", timeout=1)

        doer = Doer(ask)
        async with running(partial(doer.worker().run, ingest)):
            await send(ingest, "a")
            await eventually(partial(doer.has_done, "a"))
    assert doer.tries == [("a", 1)] * 6


async def test_what_is_away_for_long_holds_no_slot_and_counts_in_the_end(
    ingest, running, eventually, impatient
):
    async def miss(name, delivery):
        if name == "missing":
            raise ConnectionError("nobody answers")

    doer = Doer(miss)
    worker = doer.worker(replace(TMDB, most_attempts=2, backoff_seconds=(0.05,)))
    async with running(partial(worker.run, ingest)):
        await send(ingest, "missing")
        await eventually(partial(has_letters, ingest, 1))
        await eventually(partial(is_empty, ingest))
    # Three are given back, four wait, and then each counts.
    assert doer.tries == [("missing", 1)] * 8 + [("missing", 2)]
    assert worker.state.failed.total == 2


async def test_many_that_miss_what_is_away_hold_nobody_up(ingest, running, eventually, monkeypatch):
    monkeypatch.setitem(vars(trying), "AWAY_SECONDS", 0.02)

    async def miss(name, delivery):
        if name.startswith("missing"):
            raise ConnectionError("nobody answers")

    async def all_wait():
        found = await ingest.stream_info(jobs.STREAM, subjects_filter="sched.ingest.retry.>")
        return len(found.state.subjects or {}) == 40

    doer = Doer(miss)
    async with running(partial(doer.worker().run, ingest)):
        for number in range(40):  # more than may be unacknowledged
            await send(ingest, f"missing {number}")
        await eventually(all_wait)
        await send(ingest, "good")
        await eventually(partial(doer.has_done, "good"), seconds=2)


async def test_a_statement_that_is_too_slow_is_a_failure(database, ingest, running, eventually):
    async def sleep(name, delivery):
        async with database.sessions.begin() as session:
            await session.execute(text("set local statement_timeout = 50"))
            await session.execute(text("select pg_sleep(5)"))

    doer = Doer(sleep)
    with capture_logs():  # tracebacks of SQLAlchemy are long
        async with running(partial(doer.worker().run, ingest)):
            await send(ingest, "a")
            await eventually(partial(has_letters, ingest, 1))
    assert doer.tries == [("a", 1), ("a", 2), ("a", 3)]


async def test_a_job_of_a_newer_version_waits_for_it(ingest, running, eventually, impatient):
    old, new = Doer(), Doer()
    worker = old.worker()
    newer = Worker("ingest", TMDB, {WebhookReceived: Job(new.note)})

    async def has_waited():
        return "WebhookReceived" in worker.state.last_error

    async with running(partial(worker.run, ingest)):
        await send_unknown(ingest)
        await eventually(has_waited)
    async with running(partial(newer.run, ingest)):
        await eventually(partial(new.has_done, "9"))
    assert new.tries == [("9", 1)]
    assert worker.state.failed.total == 0
    assert await has_letters(ingest, 0)


async def test_a_job_that_no_version_knows_is_a_dead_letter(ingest, running, eventually, impatient):
    async with running(partial(Doer().worker().run, ingest)):
        await send_unknown(ingest)
        await eventually(partial(has_letters, ingest, 1))
        await eventually(partial(is_empty, ingest))
    [letter] = await letters(ingest)
    assert letter.headers["Dlq-Error"] == "Unknown: no job is called WebhookReceived"
    assert letter.headers[patience.UNKNOWN.header] == "4"


async def send_unknown(stream):
    await stream.publish(
        jobs.subject("ingest", "tmdb", WebhookReceived),
        WebhookReceived(webhook_event_id="9").SerializeToString(),
        headers={jobs.MESSAGE_ID: str(uuid4())},
    )


async def test_a_handler_that_hangs_is_a_failure(ingest, running, eventually, monkeypatch):
    monkeypatch.setitem(vars(failures), "HANDLER_SECONDS", 0.2)

    async def hang(name, delivery):
        if delivery.attempt == 1:
            await asyncio.sleep(60)

    doer = Doer(hang)
    worker = doer.worker()
    async with running(partial(worker.run, ingest)):
        await send(ingest, "a")
        await eventually(partial(doer.has_done, "a"))
    assert doer.tries == [("a", 1), ("a", 2)]
    assert "had not ended after 0.2 s" in worker.state.last_error


async def test_replicas_share_the_jobs_of_a_lane(ingest, running, eventually):
    one, two = Doer(brief), Doer(brief)
    parts = [partial(doer.worker().run, ingest) for doer in (one, two)]
    names = [str(number) for number in range(60)]

    async def all_done():
        return len(one.done) + len(two.done) == 60

    async with running(*parts):
        for name in names:
            await send(ingest, name)
        await eventually(all_done)
        await eventually(partial(is_empty, ingest))
    assert sorted(one.done + two.done) == sorted(names)
    assert one.done
    assert two.done


async def brief(name, delivery):
    await asyncio.sleep(0.01)


async def test_a_lane_whose_source_hangs_delays_no_other(ingest, running, eventually):
    async def hang(name, delivery):
        await asyncio.sleep(60)

    slow, quick = Doer(hang), Doer()
    parts = (slow.worker(TMDB, grace=0.1), quick.worker(WEBHOOKS))
    async with running(*(partial(part.run, ingest) for part in parts)):
        for number in range(20):
            await send(ingest, str(number))
        await eventually(partial(has_tried, slow, 4))  # every slot
        began = time.monotonic()
        for number in range(20):
            await send(ingest, str(number), WEBHOOKS)
        await eventually(partial(quick.has_done, *map(str, range(20))))
        assert time.monotonic() - began < 2
    assert len(slow.tries) == 4


async def test_a_stop_waits_for_what_is_under_way(ingest, running, eventually):
    async def take_time(name, delivery):
        await asyncio.sleep(1)

    doer = Doer(take_time)
    async with running(partial(doer.worker().run, ingest)):
        await send(ingest, "a")
        await eventually(partial(has_tried, doer, 1))
    assert doer.done == ["a"]
    await eventually(partial(is_empty, ingest))  # nobody waits for an acknowledgement to arrive


async def test_a_stop_does_not_wait_for_ever_and_the_job_comes_again(ingest, running, eventually):
    async def hang(name, delivery):
        await asyncio.sleep(60)

    slow, again = Doer(hang), Doer()
    async with running(partial(slow.worker(grace=0.1).run, ingest)):
        await send(ingest, "a")
        await eventually(partial(has_tried, slow, 1))
        began = time.monotonic()
    assert time.monotonic() - began < 3
    async with running(partial(again.worker().run, ingest)):
        await eventually(partial(again.has_done, "a"), seconds=5)  # not after the time for an ack
    assert again.tries == [("a", 1)]


async def test_a_pause_outlives_replicas_that_start_and_ends_when_told(ingest, running, eventually):
    doer = Doer()
    async with running(partial(doer.worker().run, ingest)):
        await send(ingest, "before")
        await eventually(partial(doer.has_done, "before"))
        until = (db.now() + timedelta(minutes=5)).isoformat().replace("+00:00", "Z")
        await ingest.pause_consumer(jobs.STREAM, "ingest-tmdb", until)
        await send(ingest, "paused")
        async with running(partial(doer.worker().run, ingest)):  # declares the consumer again
            await asyncio.sleep(1.5)
            assert doer.done == ["before"]
            assert (await ingest.consumer_info(jobs.STREAM, "ingest-tmdb")).paused
            await ingest.resume_consumer(jobs.STREAM, "ingest-tmdb")
            await eventually(partial(doer.has_done, "before", "paused"))
