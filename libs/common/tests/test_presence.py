"""Whoever asks learns which replicas live, from themselves."""

import asyncio
import os
import socket

from common import presence
from common.consumer_queues import counters_of
from common.tallies import ConsumerState


def counting(done):
    state = ConsumerState("menus", "AUTH", "menus", ["tastebuds.auth.v1.UserDeleted"])
    for _ in range(done):
        state.count_done()
    return lambda: [counters_of(state)]


async def test_each_replica_tells_who_it_is_and_what_it_did(connect_nats, eventually):
    async with connect_nats("menus") as one, connect_nats("menus") as other:
        await presence.announce(one, "menus", counting(2))
        await asyncio.sleep(0.002)  # since when they live is told in whole milliseconds
        await presence.announce(other, "menus", counting(3))
        async with connect_nats("gateway") as asker:
            answers = []

            # A machine that stands still for a quarter of a second hears nobody in time.
            async def both_tell():
                answers[:] = await presence.gather(asker, "menus")
                return len(answers) == 2

            await eventually(both_tell)
    first, second = (answer.replica for answer in answers)
    assert first.id != second.id
    assert first.since < second.since
    for replica in (first, second):
        assert (replica.host, replica.pid) == (socket.gethostname(), os.getpid())
        assert replica.version.count(".") == 2
    assert [each.done_last_hour for answer in answers for each in answer.counters] == [2, 3]


async def test_a_replica_that_is_gone_says_nothing(connect_nats):
    async with connect_nats("menus") as one:
        async with connect_nats("menus") as other:
            await presence.announce(other, "menus")
        assert await presence.gather(one, "menus") == []


async def test_other_services_are_not_meant(connect_nats):
    async with connect_nats("menus") as menus, connect_nats("catalog") as catalog:
        await presence.announce(menus, "menus")
        await presence.announce(catalog, "catalog")
        [answer] = await presence.gather(menus, "catalog")
        assert answer.replica.id
        assert answer.counters == []


async def test_it_still_lives_after_nats_was_away(connect_nats, nats_server, eventually):
    async with connect_nats("menus") as one:
        await presence.announce(one, "menus")
        nats_server.restart()

        async def is_seen():
            return one.is_connected and len(await presence.gather(one, "menus")) == 1

        await eventually(is_seen, 20)
