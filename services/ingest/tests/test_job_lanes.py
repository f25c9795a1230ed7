"""Jobs worked by real workers: the lanes of the sources, through NATS and back."""

import asyncio
import time
from functools import partial

import pytest
from sqlalchemy import func, select

from common import dead_letters, jobs
from common.jobs import Lane
from common.mending import DeadLetters
from common.outbox import Relay
from common.working import Worker
from ingest.connectors import CONNECTORS
from ingest.jobs.lanes import bulk
from ingest.models import Outbox
from ingest.upstream import Patience
from tastebuds.ingest.v1 import job_pb2
from tastebuds.ingest.v1 import job_service_pb2 as pb

from .job_desk import MOVIE, film, open_desk
from .upstream_stub import Answer, FakeTime

BOOK = {"volumeInfo": {"title": "The Quiet Harbour"}}
PATIENT = Patience(total=20)
HANGING = Patience(total=2, retries=0)
# In these tests no wait is long.
QUICK = partial(Lane, concurrency=4, most_attempts=3, backoff_seconds=(0.1,))


@pytest.fixture
async def at_work(database, jetstream):
    """`at_work(desk)` starts the relay and the workers of all sources; they stop with the test."""
    stopping = asyncio.Event()
    async with asyncio.timeout(100), asyncio.TaskGroup() as tasks:

        def start(desk):
            tasks.create_task(Relay(database, jetstream, Outbox).run(stopping))
            for lane in (*CONNECTORS, *map(bulk, CONNECTORS)):
                worker = Worker("ingest", QUICK(str(lane)), desk.due.jobs)
                tasks.create_task(worker.run(jetstream, stopping))

        yield start
        stopping.set()


@pytest.fixture
def opened(serve, people, database, upstream, catalogue):
    return partial(open_desk, serve, people, database, upstream, catalogue)


@pytest.fixture
def works(upstream):
    """`works(films=2, books=1)`: what TMDB and Google Books have."""

    def plan(films=0, books=0):
        for number in range(1, films + 1):
            upstream.plan(f"tmdb/movie/{number}", MOVIE | {"id": number})
        for number in range(1, books + 1):
            upstream.plan(f"google_books/volumes/volume{number}", BOOK | {"id": f"volume{number}"})
        return [film(number) for number in range(1, films + 1)] + [
            book(number) for number in range(1, books + 1)
        ]

    return plan


def book(number):
    return pb.WantedMedia(source="google_books", external_id=f"volume{number}")


async def until(desk, job_id, question, seconds=60):
    async with asyncio.timeout(seconds):
        while not question(job := await desk.job(job_id)):
            await asyncio.sleep(0.05)
    return job


def is_over(job):
    return job.HasField("finished_at")


@pytest.fixture
def left(jetstream, database):
    """`await left()`: messages of the work queue, schedules too, and rows of the outbox."""

    async def count():
        stream = await jetstream.stream_info(jobs.STREAM)
        async with database.readers() as session:
            rows = await session.scalar(select(func.count()).select_from(Outbox))
        return stream.state.messages + rows

    return count


async def nothing_left(left):
    async with asyncio.timeout(20):
        while await left():
            await asyncio.sleep(0.05)


async def test_a_source_that_hangs_delays_no_other(opened, at_work, upstream, works):
    for number in range(20):
        upstream.plan(f"google_books/volumes/volume{number}", Answer(BOOK, after=5))
    async with opened(patience=HANGING) as desk:
        at_work(desk)
        slow = await desk.start(*(book(number) for number in range(20)))
        began = time.monotonic()
        quick = await desk.start(*works(films=20))
        job = await until(desk, quick.id, is_over)
        assert (job.state, job.done) == (job_pb2.JOB_STATE_SUCCEEDED, 20)
        assert time.monotonic() - began < 10
        assert (await desk.job(slow.id)).done == 0
        await desk.cancel(slow.id)


async def test_a_long_batch_delays_nobody_who_waits_for_one_work(opened, at_work, upstream, works):
    for number in range(2, 62):
        upstream.plan(f"tmdb/movie/{number}", Answer(MOVIE | {"id": number}, after=0.5))
    async with opened(patience=PATIENT) as desk:
        at_work(desk)
        batch = await desk.start(*(film(number) for number in range(2, 62)))
        alone = await desk.start(*works(films=1))
        await until(desk, alone.id, is_over)
        assert (await desk.job(batch.id)).done < 20
        await desk.cancel(batch.id)


async def test_five_hundred_works_are_each_done_once(
    opened, at_work, upstream, works, catalogue, left
):
    async with opened(patience=PATIENT) as desk:
        at_work(desk)
        job = await desk.start(*works(films=329, books=170), film(500))
        job = await until(desk, job.id, is_over)
        assert (job.state, job.done, job.failed) == (job_pb2.JOB_STATE_PARTIAL, 499, 1)
        assert job.version == 501
        assert len(upstream.paths()) == len(set(upstream.paths())) == 500
        assert len(catalogue.drafts) == len(catalogue.items) == 499
        await nothing_left(left)


async def test_a_job_is_cancelled_on_its_way(opened, at_work, upstream, works, left):
    async with opened(patience=PATIENT) as desk:
        at_work(desk)
        job = await desk.start(*works(films=200))
        await until(desk, job.id, lambda job: job.done >= 10)
        cancelled = await desk.cancel(job.id)
        assert cancelled.done + cancelled.cancelled == 200
        await nothing_left(left)
        assert await desk.job(job.id) == cancelled
        # What was under way was asked for, and what had not begun was not.
        assert len(upstream.asked) <= cancelled.done + 4


async def test_what_is_deferred_comes_back_by_itself(opened, at_work, upstream, left):
    pause = Answer({}, status=429, headers={"Retry-After": "1"})
    upstream.plan("tmdb/movie/1", pause, MOVIE | {"id": 1})
    async with opened() as desk:
        at_work(desk)
        reply = await desk.ingest("tmdb", "movie:1", defer=True)
        assert reply.job.state == job_pb2.JOB_STATE_WAITING
        job = await until(desk, reply.job.id, is_over)
        assert (job.state, job.attempts) == (job_pb2.JOB_STATE_SUCCEEDED, 2)
        await nothing_left(left)


async def test_what_is_given_up_is_a_dead_letter_that_can_be_replayed(
    opened, at_work, upstream, jetstream, left
):
    garbage = Answer(b"garbage")
    upstream.plan("tmdb/movie/1", garbage, garbage, garbage, MOVIE | {"id": 1})
    clock = FakeTime()
    async with opened(clock=clock.clock()) as desk:
        at_work(desk)
        job = await desk.start(film(1))
        job = await until(desk, job.id, is_over)
        assert (job.state, job.attempts) == (job_pb2.JOB_STATE_FAILED, 3)
        assert job.last_error == "tmdb gave an unreadable answer: not JSON"
        await nothing_left(left)
        letter = await jetstream.get_last_msg("DLQ", dead_letters.waiting("ingest", "ingest-tmdb"))
        assert letter.headers["Dlq-Subject"] == "job.ingest.tmdb.IngestItemDue"
        assert letter.headers["Dlq-Attempts"] == "3"
        assert letter.headers["Dlq-Error"] == job.last_error
        await clock.pass_by(1000, upstream.database)
        assert await DeadLetters(jetstream, "ingest").replay([letter.seq]) == [letter.seq]
        job = await until(desk, job.id, lambda job: job.done)
        assert (job.state, job.attempts) == (job_pb2.JOB_STATE_SUCCEEDED, 1)
