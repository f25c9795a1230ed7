"""Works whose messages are gone: NATS lost its data, or somebody discarded a dead letter."""

import asyncio
from datetime import timedelta

import pytest

from common.db import now
from ingest.jobs import service
from ingest.models import IngestJobItem
from ingest.sweeping.service import Retention
from ingest.sweeps import sweeps
from tastebuds.ingest.v1 import job_pb2

from .job_desk import MOVIE, film, open_desk
from .upstream_stub import Answer, FakeTime

SUCCEEDED = job_pb2.JOB_STATE_SUCCEEDED


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture
async def desk(serve, people, database, upstream, catalogue, time):
    for number in (1, 2, 3):
        upstream.plan(f"tmdb/movie/{number}", MOVIE | {"id": number})
    async with open_desk(
        serve, people, database, upstream, catalogue, clock=time.clock()
    ) as opened:
        yield opened


async def test_what_never_had_its_turn_is_sent_anew_once_an_hour(desk):
    job = await desk.start(film(1), film(2), film(3))
    first, lost, _ = await desk.sent()
    await desk.take(first)
    assert await desk.send_forgotten() == 0
    await desk.pass_an_hour()
    assert await desk.send_forgotten(limit=1) == 1
    assert await desk.send_forgotten(limit=2) == 1
    assert await desk.send_forgotten() == 0
    anew = await desk.sent()
    assert anew[0].body == lost.body
    assert [sent.attempt for sent in anew] == [1, 1]
    for sent in anew:
        assert await desk.take(sent) is None
    assert (await desk.job(job.id)).state == SUCCEEDED
    await desk.pass_an_hour()
    assert await desk.send_forgotten() == 0


async def test_what_waits_is_sent_anew_an_hour_after_its_time_with_its_attempts(
    desk, upstream, time
):
    upstream.plan("tmdb/movie/1", Answer({}, status=429, headers={"Retry-After": "7000"}))
    job = await desk.start(film(1))
    [sent] = await desk.sent()
    assert (await desk.take(sent)).after >= 7000
    await desk.pass_an_hour()
    assert await desk.send_forgotten() == 0
    for _ in range(3):
        await desk.pass_an_hour()
    assert await desk.send_forgotten() == 1
    [anew] = await desk.sent()
    assert anew.attempt == 2
    [item] = await desk.items(job.id)
    assert (item.state, item.attempts) == (job_pb2.JOB_ITEM_STATE_WAITING, 1)
    upstream.plan("tmdb/movie/1", MOVIE | {"id": 1})
    await time.pass_by(8000, upstream.database)
    assert await desk.take(sent.again()) is None  # it was only late
    assert (await desk.job(job.id)).state == job_pb2.JOB_STATE_WAITING
    assert await desk.take(anew) is None
    job = await desk.job(job.id)
    assert (job.state, job.attempts) == (SUCCEEDED, 2)


async def test_cancelled_and_failed_works_stay_so(desk):
    cancelled = await desk.start(film(1))
    failed = await desk.start(film(4))
    await desk.take((await desk.sent())[1])
    await desk.cancel(cancelled.id)
    await desk.pass_an_hour()
    assert await desk.send_forgotten() == 0
    assert (await desk.job(failed.id)).state == job_pb2.JOB_STATE_FAILED


async def test_a_work_that_is_being_dealt_with_is_left_alone(desk):
    await desk.start(film(1), film(2))
    await desk.pass_an_hour()
    async with desk.due.database.sessions.begin() as session:
        [item, _] = await desk.rows(IngestJobItem)
        await session.get(IngestJobItem, item.id, with_for_update=True)
        assert await asyncio.wait_for(desk.send_forgotten(), 5) == 1


def test_it_is_due_several_times_an_hour():
    kept = Retention(*[timedelta(days=1)] * 3)
    [sweep] = [each for each in sweeps(kept, None) if each.run is service.send_forgotten]
    assert sweep.next_after(now()) - now() <= timedelta(minutes=15)
