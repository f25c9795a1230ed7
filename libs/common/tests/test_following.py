"""Every follower sees every event, and is told when it may have missed some."""

import asyncio
import signal
from datetime import timedelta
from functools import partial

import pytest

from common.following import Follower
from common.nats_client import declare_streams
from tastebuds.menus.v1.menu_events_pb2 import MenuChanged

SUBJECT = MenuChanged.DESCRIPTOR.full_name


class Seen:
    def __init__(self, lookback):
        self.slugs, self.gaps = [], 0
        self.follower = Follower(
            "MENUS", [SUBJECT], lookback=lookback, on_message=self.note, on_gap=self.count_gap
        )

    def note(self, message):
        self.slugs.append(MenuChanged.FromString(message.data).slug)

    def count_gap(self):
        self.gaps += 1


@pytest.fixture
async def gateway(connect_nats, jetstream):
    async with connect_nats("gateway") as client:
        yield client.jetstream()


async def say(jetstream, slug):
    await jetstream.publish(SUBJECT, MenuChanged(slug=slug).SerializeToString())


async def caught_up(seen):
    await asyncio.wait_for(seen.follower.caught_up.wait(), 10)


async def test_two_followers_both_see_what_is_said(jetstream, gateway, running, eventually):
    one, two = Seen(timedelta(0)), Seen(timedelta(0))
    await say(jetstream, "before")
    await asyncio.sleep(0.01)
    parts = (partial(seen.follower.run, gateway) for seen in (one, two))
    async with running(*parts):
        await caught_up(one)
        await caught_up(two)
        await say(jetstream, "after")
        await eventually(partial(saw, one, ["after"]))
        await eventually(partial(saw, two, ["after"]))


async def saw(seen, slugs):
    return seen.slugs == slugs


async def test_the_lookback_reads_what_was_said_before(jetstream, gateway, running):
    await say(jetstream, "before")
    seen = Seen(timedelta(minutes=30))
    async with running(partial(seen.follower.run, gateway)):
        await caught_up(seen)
    assert seen.slugs == ["before"]


async def test_a_lost_consumer_is_a_gap_and_is_made_anew(
    jetstream, gateway, running, eventually, connect_nats, nats_server
):
    seen = Seen(timedelta(0))
    async with running(partial(seen.follower.run, gateway)):
        await caught_up(seen)
        gaps = seen.gaps
        await asyncio.to_thread(nats_server.restart, signal.SIGKILL)
        await eventually(partial(has_gap_after, seen, gaps), seconds=20)
        await caught_up(seen)
        await say(jetstream, "after")
        await eventually(partial(saw, seen, ["after"]))


async def has_gap_after(seen, gaps):
    return seen.gaps > gaps


async def test_the_stream_may_come_later(connect_nats, running, eventually, empty_nats):
    seen = Seen(timedelta(minutes=30))
    await empty_nats()
    async with (
        connect_nats("menus") as menus,
        connect_nats("gateway") as gateway,
        running(partial(seen.follower.run, gateway.jetstream())),
    ):
        await asyncio.sleep(0.2)
        await declare_streams(menus.jetstream(), "menus")
        await say(menus.jetstream(), "first")
        await eventually(partial(saw, seen, ["first"]))
