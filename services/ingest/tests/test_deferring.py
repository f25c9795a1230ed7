"""Failures that become a job for whoever asked for that, and those that stay errors."""

import time
from functools import partial

import grpc
import pytest

from common.grpc_errors import from_rpc_error
from common.grpc_interceptor import DatabaseUnavailable
from ingest.upstream import Patience
from tastebuds.ingest.v1 import job_pb2

from .job_desk import MOST_UNFINISHED, MOVIE, open_desk
from .upstream_stub import Answer, FakeTime

MOVIE_1 = MOVIE | {"id": 1}
PAUSE = Answer({}, status=429, headers={"Retry-After": "120"})
# Longer than it takes until the call is deferred.
VERY_PATIENT = Patience(total=30, first_pause=0.01)


@pytest.fixture
def clock():
    return FakeTime()


@pytest.fixture
def opened(serve, people, database, upstream, catalogue, clock):
    """`async with opened(per_minute=1) as desk`."""
    return partial(open_desk, serve, people, database, upstream, catalogue, clock=clock.clock())


@pytest.fixture
async def desk(opened):
    async with opened() as desk:
        yield desk


@pytest.fixture
def refused(desk):
    """`await refused("tmdb", "movie:1", defer=True)`: the reason."""

    async def ask(*args, **fields):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await desk.ingest(*args, **fields)
        return from_rpc_error(caught.value).reason

    return ask


def seconds_left(job):
    return job.next_try_at.ToMilliseconds() / 1000 - time.time()


async def deferred(desk, source="tmdb", external_id="movie:1"):
    reply = await desk.ingest(source, external_id, defer=True)
    assert reply.source_name == source
    assert not reply.HasField("item")
    assert reply.job.state == job_pb2.JOB_STATE_WAITING
    return reply.job


@pytest.mark.parametrize(
    ("answer", "words", "seconds"),
    [
        (Answer({}, status=500), "tmdb is not available: status 500", 2),
        (PAUSE, "tmdb asks for a pause", 120),
        (Answer(b"<html>"), "tmdb gave an unreadable answer: not JSON", 2),
        (Answer(MOVIE_1, after=3), "tmdb is not available: no answer in time", 2),
        (Answer({}, status=401), "tmdb refuses our key (401): check INGEST_TMDB_TOKEN", 2),
    ],
    ids=["500", "429", "garbage", "slow", "refused key"],
)
async def test_trouble_of_the_upstream_becomes_a_job(desk, upstream, clock, answer, words, seconds):
    upstream.plan("tmdb/movie/1", answer)
    job = await deferred(desk)
    assert (job.total, job.attempts, job.last_error) == (1, 1, words)
    assert seconds - 1 < seconds_left(job) <= seconds
    assert await desk.said() == ["IngestJobChanged"]
    [sent] = await desk.sent()
    later, asked = await desk.take(sent), len(upstream.asked)
    assert not later.counted  # the try before the job was the first
    assert seconds - 1 < later.after <= seconds
    upstream.plan("tmdb/movie/1", MOVIE_1)
    assert len(upstream.asked) == asked
    await desk.pass_the_wait()
    await clock.pass_by(1000, upstream.database)
    assert await desk.take(sent) is None
    [item] = await desk.items(job.id)
    assert item.attempts == 2
    assert item.media_item_id


async def test_an_upstream_that_hangs_is_not_waited_out(opened, upstream):
    upstream.plan("tmdb/movie/1", Answer(MOVIE_1, after=20))
    async with opened(patience=VERY_PATIENT) as desk:
        began = time.monotonic()
        job = await deferred(desk)
        assert time.monotonic() - began < 5
        assert job.last_error == "tmdb is not available: no answer in time"


async def test_an_open_circuit_becomes_a_job_and_asks_nothing(desk, upstream):
    upstream.plan("tmdb/movie/1", PAUSE)
    await deferred(desk)
    job = await deferred(desk, external_id="movie:2")
    assert job.last_error == "tmdb temporarily unavailable"
    assert 115 < seconds_left(job) <= 120
    assert upstream.paths() == ["/tmdb/movie/1"]


async def test_a_used_up_allowance_becomes_a_job(opened, upstream):
    upstream.plan("tmdb/movie/1", MOVIE_1)
    async with opened(per_minute=1) as desk:
        await desk.ingest("tmdb", "movie:1")
        job = await deferred(desk, external_id="movie:2")
    assert (job.attempts, job.last_error) == (0, "Ingest quota exceeded (1 per minute)")
    assert 0 < seconds_left(job) <= 60


async def test_while_the_catalogue_is_away_the_work_waits(
    serve, people, database, upstream, catalogue
):
    class Away(type(catalogue)):
        async def FindMediaBySource(self, request, context):
            raise DatabaseUnavailable

    async with open_desk(serve, people, database, upstream, Away()) as desk:
        job = await deferred(desk)
        assert job.last_error == "The database does not answer right now."
        with pytest.raises(grpc.aio.AioRpcError):
            await desk.ingest("tmdb", "movie:1")


@pytest.mark.parametrize(
    ("source", "external_id", "reason"),
    [
        ("tmdb", "movie:6", "NOT_AT_SOURCE"),
        ("tmdb", "a film", "UNUSABLE_IDENTIFIER"),
        ("tmdb", " ", "IDENTIFIER_REQUIRED"),
        ("nowhere", "1", "UNKNOWN_SOURCE"),
        ("lastfm", "a::b", "SOURCE_OFF"),
    ],
)
async def test_what_waiting_does_not_help_stays_an_error(
    desk, refused, source, external_id, reason
):
    assert await refused(source, external_id, defer=True) == reason
    assert await desk.sent() == []


async def test_nothing_is_deferred_that_was_not_asked_to(desk, refused, upstream):
    upstream.plan("tmdb/movie/1", Answer({}, status=500))
    assert await refused("tmdb", "movie:1") == "UPSTREAM_UNAVAILABLE"
    assert await desk.sent() == []


async def test_nothing_is_deferred_that_works(desk, upstream):
    upstream.plan("tmdb/movie/1", MOVIE_1)
    reply = await desk.ingest("tmdb", "movie:1", defer=True)
    assert reply.item.title == MOVIE["title"]
    assert not reply.HasField("job")


async def test_deferred_works_are_unfinished_jobs_too(desk, refused, upstream):
    upstream.plan("tmdb/movie/1", PAUSE)
    for _ in range(MOST_UNFINISHED):
        await deferred(desk)
    assert await refused("tmdb", "movie:1", defer=True) == "JOB_LIMIT_REACHED"
