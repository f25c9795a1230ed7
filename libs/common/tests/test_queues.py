"""The operator sees what can be seen, above all when something is away."""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import insert

from common import db, jobs, ops_http, presence
from common.consumer_queues import counters_of
from common.db import now
from common.declaring import declare
from common.jobs import Job, Lane
from common.queues import Queues
from common.sweeps import Sweep
from common.working import Worker
from tastebuds.ops.v1.sweep_pb2 import SweepDue

LANE = Lane("sweeps", concurrency=1, backoff_seconds=(60.0,))
SWEEP = Sweep("rows", "0 0 4 * * *", "Deletes rows.", None)


@pytest.fixture
def queues(database, tables, jetstream):
    """`queues(state, …, database=…)`: of the service menus with these consumers."""

    def of(*states, database=database):
        return Queues("menus", database, tables.all, jetstream._nc, states, [SWEEP])

    return of


@pytest.fixture
def send(jetstream):
    async def publish(name):
        await jetstream.publish(
            jobs.subject("menus", LANE.name, SweepDue),
            SweepDue(name=name).SerializeToString(),
            headers={jobs.MESSAGE_ID: str(uuid4())},
        )

    return publish


async def handle(due, _):
    if due.name == "bad":
        raise ValueError("a bad one")
    if due.name == "slow":
        await asyncio.Event().wait()


async def test_a_report_says_what_waits(database, tables, queues):
    old = {"subject": "s", "payload": b"", "headers": {}, "created_at": now() - timedelta(hours=1)}
    async with database.sessions.begin() as session:
        await session.execute(insert(tables.Outbox).values(message_id=uuid4(), **old))
    report = await queues().report()
    assert report.outbox.waiting == 1
    assert 3600 <= report.outbox.oldest_age_seconds < 3660
    assert not report.warnings


async def test_a_consumer_is_seen_with_all_its_replicas(
    queues, jetstream, connect_nats, running, send, eventually
):
    one, other = (Worker("menus", LANE, {SweepDue: Job(handle)}) for _ in range(2))
    async with connect_nats("menus") as second:
        for nats, worker in ((jetstream._nc, one), (second, other)):
            await presence.announce(
                nats, "menus", lambda worker=worker: [counters_of(worker.state)]
            )
        async with running(*(partial(worker.run, jetstream) for worker in (one, other))):
            for name in ("good", "good", "bad", "good"):
                await send(name)

            async def all_tried():
                done = one.state.done.total + other.state.done.total
                return (done, one.state.failed.total + other.state.failed.total) == (3, 1)

            await eventually(all_tried)
        report = await queues(one.state).report()
    [consumer] = report.consumers
    assert (consumer.stream, consumer.name) == ("JOBS", "menus-sweeps")
    assert consumer.subjects == ["job.menus.sweeps.>"]
    assert (consumer.pending, consumer.in_flight, consumer.oldest_age_seconds) == (0, 0, 0)
    assert (consumer.done_last_minute, consumer.done_last_hour) == (3, 3)
    assert (consumer.failed_last_minute, consumer.failed_last_hour) == (1, 1)
    assert consumer.last_error == "ValueError: a bad one"
    assert now() - consumer.last_error_at < timedelta(minutes=1)
    assert consumer.paused_until is None
    assert len(report.replicas) == 2
    assert not report.warnings


async def test_what_waits_and_what_is_under_way_have_an_age(
    queues, jetstream, running, send, eventually
):
    worker = Worker("menus", LANE, {SweepDue: Job(handle)}, grace=0.1)
    async with running(partial(worker.run, jetstream)):
        await send("slow")

        async def is_under_way():
            report = await queues(worker.state).report()
            return [consumer.in_flight for consumer in report.consumers] == [1]

        await eventually(is_under_way)
        for _ in range(5):
            await send("good")
        await asyncio.sleep(0.3)
        [consumer] = (await queues(worker.state).report()).consumers
    assert consumer.pending + consumer.in_flight == 6
    assert 0.3 < consumer.oldest_age_seconds < 10


async def test_jobs_between_two_tries_are_counted(queues, jetstream, running, send, eventually):
    worker = Worker("menus", LANE, {SweepDue: Job(handle)})
    assert (await queues(worker.state).report()).jobs_waiting == 0
    async with running(partial(worker.run, jetstream)):
        for _ in range(3):
            await send("bad")

        async def all_wait():
            return (await queues(worker.state).report()).jobs_waiting == 3

        await eventually(all_wait)
        report = await queues(worker.state).report()
    assert [each.pending + each.in_flight for each in report.consumers] == [0]
    assert not report.warnings


async def test_jobs_that_nobody_takes_are_a_warning(queues, jetstream, send):
    worker = Worker("menus", LANE, {SweepDue: Job(handle)})
    await declare(jetstream, worker.state, most_pending=4)
    await send("good")
    for _ in range(2):
        await jetstream.publish("job.menus.gone.SweepDue", b"")
    [warning] = (await queues(worker.state).report()).warnings
    assert warning == "Nobody takes what waits on job.menus.gone.SweepDue: 2"


async def test_a_schedule_shows_its_next_and_its_last_run(database, tables, queues):
    began, ended = now() - timedelta(hours=2), now() - timedelta(hours=1)
    async with database.sessions.begin() as session:
        session.add(
            tables.SweepRun(
                name="rows", started_at=began, finished_at=ended, result="ok", dealt_with=7
            )
        )
    [schedule] = (await queues().report()).schedules
    assert now() < schedule.next_run_at <= now() + timedelta(days=1)
    assert (schedule.next_run_at.hour, schedule.next_run_at.minute) == (4, 0)
    assert (schedule.last_started_at, schedule.last_finished_at) == (began, ended)
    assert (schedule.last_result, schedule.last_count) == ("ok", 7)


async def test_while_the_database_is_away_the_rest_is_told(queues):
    async with db.connect("postgresql+asyncpg://menus@127.0.0.1:9/menus") as nobody:
        report = await queues(database=nobody).report()
    assert (report.dead_letters, report.outbox) == (0, None)
    [schedule] = report.schedules
    assert schedule.last_started_at is None
    [warning] = report.warnings
    assert warning.startswith("Postgres: ")


async def test_a_consumer_that_is_not_there_is_a_warning(queues):
    worker = Worker("menus", LANE, {})
    report = await queues(worker.state).report()
    assert report.consumers == []
    [warning] = report.warnings
    assert warning.startswith("NATS, menus-sweeps of JOBS: ")


async def test_metrics_have_a_gauge_for_each_number(database, tables, queues, jetstream, send):
    worker = Worker("menus", LANE, {SweepDue: Job(handle)})
    await declare(jetstream, worker.state, most_pending=4)
    await send("good")
    async with database.sessions.begin() as session:
        session.add(
            tables.SweepRun(name="rows", started_at=now(), result="OSError: no", dealt_with=0)
        )
    app = ops_http.create_app({}, queues(worker.state).report)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://ops") as client:
        lines = (await client.get("/metrics")).text.splitlines()
        seen = (await client.get("/queues")).json()
    assert 'consumer_pending{consumer="menus-sweeps",stream="JOBS"} 1.0' in lines
    assert 'sweep_failed{sweep="rows"} 1.0' in lines
    assert "dead_letters 0.0" in lines
    assert "jobs_waiting 0.0" in lines
    assert "queue_report_warnings 0.0" in lines
    assert seen["consumers"][0]["pending"] == 1
    assert seen["schedules"][0]["next_run_at"].endswith("Z")
