"""Webhooks worked by real workers of two replicas: from the row, through NATS, to the effect."""

import asyncio
import time
from collections import Counter
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import func, select

from common import dead_letters, jobs
from common.jobs import Lane
from common.outbox import Relay
from common.working import Worker
from ingest.connectors import CONNECTORS
from ingest.door.rush import Rush
from ingest.models import Outbox, WebhookEvent
from ingest.upstream import Patience
from ingest.webhooks.consumers import WebhookJobs
from ingest.webhooks.states import EventState

from .upstream_stub import Answer
from .webhook_desk import film, open_office

HANGING = Patience(total=2, retries=0)
# In these tests no wait is long.
QUICK = partial(Lane, concurrency=4, most_attempts=3, backoff_seconds=(0.1,))
SONARR = {
    "eventType": "Download",
    "series": {"id": 5, "title": "Tidewatch", "tvdbId": 400001, "type": "standard"},
    "episodes": [{"id": 91, "episodeNumber": 3, "seasonNumber": 1, "title": "Low Water"}],
    "episodeFile": {"id": 301, "relativePath": "Season 01/Tidewatch - S01E03.mkv"},
    "isUpgrade": False,
    "downloadId": "DEF456",
}


@pytest.fixture
async def at_work(database, jetstream):
    """`at_work(office)` starts what two replicas run; it stops with the test."""
    stopping = asyncio.Event()
    async with asyncio.timeout(100), asyncio.TaskGroup() as tasks:

        def start(office):
            for _ in range(2):
                tasks.create_task(Relay(database, jetstream, Outbox).run(stopping))
                for lane in ("webhooks", *CONNECTORS):
                    worker = Worker(
                        "ingest", QUICK(str(lane)), WebhookJobs(office.desk, Rush()).jobs
                    )
                    tasks.create_task(worker.run(jetstream, stopping))

        yield start
        stopping.set()


@pytest.fixture
def opened(serve, database, upstream, catalogue):
    return partial(open_office, serve, database, upstream, catalogue)


@pytest.fixture
def states(database):
    """`await states()`: how many events are in which."""

    async def count():
        statement = select(WebhookEvent.state, func.count()).group_by(WebhookEvent.state)
        async with database.readers() as session:
            return Counter({row[0]: row[1] for row in await session.execute(statement)})

    return count


async def until(states, **wanted):
    async with asyncio.timeout(60):
        while await states() != Counter(wanted):
            await asyncio.sleep(0.05)


async def test_every_event_has_one_effect_and_nothing_is_left(
    opened, at_work, states, jetstream, upstream
):
    for number in range(101, 121):
        upstream.plan(f"tmdb/movie/{number}", {"id": number, "title": "The Ferry"})
    async with opened() as office:
        for number in range(1, 101):
            office.know(f"movie:{number}")
        for number in range(1, 121):
            await office.submit(film(number))
            if number % 3 == 0:
                await office.submit(film(number))
        at_work(office)
        await until(states, done=120, duplicate=40)
        assert len(office.library.deeds) == 120
        assert len({deed.media_item_id for deed in office.library.deeds.values()}) == 120
        async with asyncio.timeout(20):
            while (await jetstream.stream_info(jobs.STREAM)).state.messages:
                await asyncio.sleep(0.05)
        assert (await jetstream.stream_info(dead_letters.STREAM)).state.messages == 0


async def test_a_source_that_hangs_delays_nothing_that_is_known(opened, at_work, states, upstream):
    for number in range(1, 21):
        upstream.plan(f"tmdb/movie/{number}", Answer({}, after=5))
    async with opened(patience=HANGING) as office:
        at_work(office)
        for number in range(1, 21):
            await office.submit(film(number))
        began = time.monotonic()
        for number in range(100, 150):
            office.know(f"movie:{number}")
            await office.submit(film(number))
        async with asyncio.timeout(10):
            while (await states())[EventState.DONE] < 50:
                await asyncio.sleep(0.05)
        assert time.monotonic() - began < 8


async def test_an_upstream_that_comes_back_finds_what_waited(opened, at_work, states, upstream):
    broken = Answer(status=500)
    upstream.plan("tmdb/find/400001", broken, broken, broken, {"tv_results": [{"id": 7}]})
    upstream.plan("tmdb/tv/7", {"id": 7, "name": "Tidewatch"})
    async with opened() as office:
        at_work(office)
        event_id = await office.submit(SONARR, sender="arr")
        await until(states, done=1)
        row = await office.row(event_id)
        assert row.decision == "matched by tvdb 400001 → tmdb tv:7; done: want to consume"
        assert [entry["state"] for entry in row.history] == ["waiting", "done"]
        assert (row.sender, row.attempts) == ("sonarr", 2)
        assert UUID(office.library.calls[0].media_item_id) == row.media_item_id


async def test_what_cannot_be_done_is_a_dead_letter_that_its_row_explains(
    opened, at_work, states, jetstream
):
    async with opened() as office:
        office.know("movie:5")
        at_work(office)
        poison = await office.submit({"what": "no such thing"})
        await office.submit(film())
        await until(states, failed=1, done=1)
        row = await office.row(poison)
        assert row.decision.startswith("given up: an error of ours")
        assert "ValueError" not in row.decision + (await office.own()).last_error
        async with asyncio.timeout(10):
            while (await jetstream.stream_info(dead_letters.STREAM)).state.messages != 1:
                await asyncio.sleep(0.05)
        letter = await jetstream.get_last_msg(dead_letters.STREAM, "dlq.ingest.waiting.>")
        assert letter.headers["Dlq-Error"].startswith("ValueError: ")


async def test_an_upstream_that_stays_away_ends_as_a_dead_letter(
    opened, at_work, states, jetstream, upstream
):
    upstream.plan("tmdb/movie/5", Answer(status=500))
    async with opened() as office:
        at_work(office)
        event_id = await office.submit(film())
        await until(states, failed=1)
        row = await office.row(event_id)
        assert row.decision == "given up: tmdb is not available: status 500"
        assert [entry["state"] for entry in row.history] == ["waiting", "waiting", "failed"]
