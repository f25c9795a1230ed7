"""The progress of a job as server-sent events, through any replica."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest

from common.errors import Kind
from gateway import job_stream
from tastebuds.ingest.v1.job_pb2 import (
    JOB_ITEM_STATE_DONE,
    JOB_ITEM_STATE_FAILED,
    JOB_STATE_PARTIAL,
    JOB_STATE_RUNNING,
    JOB_STATE_SUCCEEDED,
)
from tastebuds.ingest.v1.job_service_pb2 import WantedMedia

from .job_stand_ins import keep_job
from .stand_ins import Fact
from .test_hygiene import check_problem

WANTED = [WantedMedia(source="tmdb", external_id=f"movie:{number}") for number in range(3)]


@pytest.fixture
def kept(world, ada_id):
    return keep_job(world, ada_id, WANTED)


def path_of(kept):
    return f"/api/ingest/jobs/{kept.job.id}/events"


@asynccontextmanager
async def follow(client, kept, **options):
    """Gives the function that awaits the next block of the stream: fields by name, or None."""
    async with client.stream("GET", path_of(kept), **options) as answer:
        assert answer.status_code == 200
        lines = answer.aiter_lines()

        async def block(seconds=8):
            fields = {}
            async with asyncio.timeout(seconds):
                async for line in lines:
                    if not line:
                        return fields
                    name, _, value = line.partition(": ")
                    fields[name] = json.loads(value) if name == "data" else value
            return None

        assert await block() == {"retry": "2000"}
        yield answer, block


async def rest_of(block):
    return [one async for one in aiter_blocks(block)]


async def aiter_blocks(block):
    while (one := await block()) is not None:
        yield one


async def test_a_stream_tells_all_first_then_what_changed_and_ends(ada, kept, events):
    async with follow(ada, kept) as (answer, block):
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        first = await block()
        assert (first["event"], first["id"]) == ("progress", "1")
        assert first["data"]["job"]["state"] == "queued"
        assert [item["position"] for item in first["data"]["items"]] == [0, 1, 2]
        began = time.monotonic()
        await events.job_changed(kept.change(1, JOB_ITEM_STATE_DONE))
        second = await block()
        assert time.monotonic() - began < job_stream.POLL_SECONDS / 2
        assert (second["event"], second["id"]) == ("progress", "2")
        assert second["data"]["job"]["done"] == 1
        (item,) = second["data"]["items"]
        assert (item["position"], item["state"]) == (1, "done")
        kept.change(0, JOB_ITEM_STATE_DONE)
        kept.change(2, JOB_ITEM_STATE_FAILED, JOB_STATE_PARTIAL)
        await events.job_changed(kept.job)
        (last,) = await rest_of(block)
        assert (last["event"], last["id"]) == ("finished", "4")
        assert last["data"]["job"]["state"] == "partial"
        assert [item["position"] for item in last["data"]["items"]] == [0, 2]


async def test_a_missed_event_is_found_out(ada, kept):
    async with follow(ada, kept) as (_, block):
        await block()
        kept.change(0, JOB_ITEM_STATE_DONE, JOB_STATE_SUCCEEDED)
        assert (await block(job_stream.POLL_SECONDS + 3))["event"] == "finished"


async def test_a_burst_is_told_as_one(ada, kept, events, world):
    async with follow(ada, kept) as (_, block):
        await block()
        for _ in range(50):
            await events.job_changed(kept.change(0, JOB_ITEM_STATE_DONE))
        while (await block())["id"] != "51":
            pass
        assert world.calls["GetJob"] < 15


@pytest.mark.parametrize("way", ["header", "address"])
async def test_a_stream_is_resumed(ada, kept, way):
    kept.change(0, JOB_ITEM_STATE_DONE)
    kept.change(2, JOB_ITEM_STATE_DONE)
    resumed = {
        "header": {"headers": {"Last-Event-ID": "2"}},
        "address": {"params": {"last_event_id": 2}},
    }
    async with follow(ada, kept, **resumed[way]) as (_, block):
        event = await block()
        assert event["id"] == "3"
        assert [item["position"] for item in event["data"]["items"]] == [2]


async def test_what_is_over_is_said_again_to_whoever_asks(ada, kept):
    kept.change(0, JOB_ITEM_STATE_DONE, JOB_STATE_SUCCEEDED)
    async with follow(ada, kept) as (_, block):
        (event,) = await rest_of(block)
        assert (event["event"], len(event["data"]["items"])) == ("finished", 3)
    async with follow(ada, kept, headers={"Last-Event-ID": event["id"]}) as (_, block):
        (again,) = await rest_of(block)
        assert (again["event"], again["id"]) == ("finished", event["id"])
        assert again["data"]["items"] == []


async def test_a_version_that_never_was_is_none(ada, kept):
    async with follow(ada, kept, headers={"Last-Event-ID": str(2**63 - 1)}) as (_, block):
        assert len((await block())["data"]["items"]) == 3


@pytest.mark.parametrize("odd", ["-1", "x", "1.5", str(2**63), "9" * 5000, "\u0661", ""])
async def test_odd_ids(ada, kept, odd):
    headers = {"Last-Event-ID": odd.encode()}
    check_problem(await ada.get(path_of(kept), headers=headers), 422)
    check_problem(await ada.get(path_of(kept), params={"last_event_id": odd}), 422)


async def test_two_replicas_tell_the_same(start, ada, people, ada_id, kept, events):
    async with (
        start() as other,
        other.client(people.token(ada_id)) as elsewhere,
        follow(ada, kept) as (_, one),
        follow(elsewhere, kept) as (_, two),
    ):
        assert await one() == await two()
        await events.job_changed(kept.change(0, JOB_ITEM_STATE_DONE, JOB_STATE_SUCCEEDED))
        assert await rest_of(one) == await rest_of(two) != []


async def test_streams_are_bounded_and_freed(start, people, ada_id, world, kept):
    eve_id = world.add_user("eve@example.org")
    theirs = keep_job(world, eve_id, WANTED)
    async with (
        start(streams=3, streams_per_person=2) as small,
        small.client(people.token(ada_id)) as ada,
        small.client(people.token(eve_id)) as eve,
    ):
        async with follow(ada, kept), follow(ada, kept):
            problem = check_problem(await ada.get(path_of(kept)), 429)
            assert problem["reason"] == "TOO_MANY_STREAMS"
            async with follow(eve, theirs):
                answer = await eve.get(path_of(theirs))
                assert check_problem(answer, 429)["limit"] == "3"
                assert answer.headers["retry-after"] == "30"
        # Whoever hangs up, or asks for what is not there, holds nothing.
        for _ in range(3):
            check_problem(await ada.get(path_of(theirs)), 404)
        async with asyncio.timeout(5):
            while small.memory.job_news.open:
                await asyncio.sleep(0.02)
        async with follow(ada, kept), follow(ada, kept):
            pass


async def test_a_stream_ends_with_its_time(start, people, ada_id, kept):
    async with (
        start(stream_seconds=0.5) as short,
        short.client(people.token(ada_id)) as ada,
        follow(ada, kept) as (_, block),
    ):
        assert [event["event"] for event in await rest_of(block)] == ["progress"]


async def test_a_stream_ends_with_its_token(running, people, ada_id, kept):
    token = people.token(ada_id, lifetime=2)
    async with running.client(token) as ada, follow(ada, kept) as (_, block):
        assert len(await rest_of(block)) == 1


async def test_a_stream_ends_when_its_session_or_its_user_does(
    running, people, world, events, kept, ada_id
):
    for end in ("session", "user"):
        caller = people.token(ada_id)
        session_id = (await running.gateway.verifier.verify(caller)).session_id
        async with running.client(caller) as ada, follow(ada, kept) as (_, block):
            await block()
            began = time.monotonic()
            if end == "session":
                await events.session_revoked(session_id)
            else:
                await events.user_deleted(ada_id)
            assert await rest_of(block) == []
            assert time.monotonic() - began < job_stream.POLL_SECONDS / 2


async def test_a_stop_ends_all_streams_at_once(start, people, ada_id, kept):
    async with (
        start() as stopped,
        stopped.client(people.token(ada_id)) as ada,
        follow(ada, kept) as (_, block),
    ):
        await block()
        began = time.monotonic()
        stopped.stopping.set()
        assert await rest_of(block) == []
        assert time.monotonic() - began < 1


async def test_an_absent_service_is_waited_for(ada, kept, world, events):
    async with follow(ada, kept) as (_, block):
        await block()
        world.broken["GetJob"] = Fact(Kind.UNAVAILABLE, "DATABASE_UNAVAILABLE", "Away")
        await events.job_changed(kept.change(0, JOB_ITEM_STATE_DONE))
        with pytest.raises(TimeoutError):
            await block(1)
        world.broken.clear()
    # The connection of the timed out reader is gone; a new one sees what the first would have.
    async with follow(ada, kept, headers={"Last-Event-ID": "1"}) as (_, block):
        assert (await block())["id"] == "2"


async def test_a_job_that_disappears_ends_the_stream(ada, kept, world, events):
    async with follow(ada, kept) as (_, block):
        await block()
        kept.change(0, JOB_ITEM_STATE_DONE)
        world.jobs.clear()
        await events.job_changed(kept.job)
        assert await rest_of(block) == []
    check_problem(await ada.get(path_of(kept)), 404)


async def test_an_unreadable_event_is_passed_over(ada, kept, events):
    async with follow(ada, kept) as (_, block):
        await block()
        await events.unreadable("tastebuds.ingest.v1.IngestJobChanged")
        await events.job_changed(kept.change(0, JOB_ITEM_STATE_DONE, JOB_STATE_RUNNING))
        assert (await block())["id"] == "2"


async def test_a_client_that_stops_reading_is_let_go():
    async def events():
        yield b": more than it takes"

    async def send(_):
        await asyncio.Event().wait()

    async with asyncio.timeout(2):
        await job_stream.EventStream(events(), 0.1).stream_response(send)
