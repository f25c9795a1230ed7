"""What comes in goes before what is worked on."""

import asyncio
from uuid import uuid4

import pytest

from common.jobs import Delivery, Lane
from ingest.door import rush as rules
from ingest.door.rush import Rush
from ingest.http import create_door
from ingest.webhooks.consumers import WebhookJobs
from tastebuds.ingest.v1.work_pb2 import WebhookReceived

from .integrations import integrate
from .test_door import answer_to, opened
from .webhook_desk import open_office


async def waits(work):
    """Whether it does not go on at once."""
    working = asyncio.create_task(work)
    await asyncio.sleep(0)
    is_waiting = not working.done()
    await asyncio.wait_for(working, 10)
    return is_waiting


def rush_of(many):
    rush = Rush()
    for _ in range(many):
        rush.note()
    return rush


async def test_only_while_many_come_in_others_wait():
    assert not await waits(rush_of(0).give_way())
    assert not await waits(rush_of(rules.MANY - 1).give_way())
    rush = rush_of(rules.MANY)
    assert await waits(rush.give_way())
    await asyncio.sleep(rules.MOMENT_SECONDS)
    assert not await waits(rush.give_way())
    rush.note()
    assert not await waits(rush.give_way())


async def test_in_a_rush_one_goes_on_after_the_other():
    rush, began = rush_of(rules.MANY), asyncio.get_running_loop().time()
    await asyncio.gather(*(rush.give_way() for _ in range(3)))
    assert asyncio.get_running_loop().time() - began > 2.9 * rules.PAUSE_SECONDS


class Noted(Rush):
    """Tells how many came in, and how often somebody gave way."""

    def __init__(self):
        self.arrivals = self.times = 0

    def note(self):
        self.arrivals += 1

    async def give_way(self):
        self.times += 1


async def test_only_those_who_are_let_in_make_a_rush(database):
    _, token = await integrate(database)
    rush = Noted()
    app = create_door(database, (), {"radarr"}, rush=rush)
    async with opened(app) as door:
        for given, status in ((token, 202), ("unknown", 404), (token, 202)):
            assert (await answer_to(door.post(f"/api/webhooks/radarr/{given}")))[0] == status
    assert rush.arrivals == 2


@pytest.mark.parametrize(("lane", "times"), [("webhooks", 1), ("tmdb", 0)])
async def test_new_webhooks_give_way_and_those_of_sources_do_not(
    serve, database, upstream, catalogue, lane, times
):
    async with open_office(serve, database, upstream, catalogue) as office:
        rush, event_id = Noted(), await office.post({"what": "test"})
        message = WebhookReceived(webhook_event_id=str(event_id))
        delivery = Delivery(Lane(lane), uuid4(), 1)
        await WebhookJobs(office.desk, rush).take(message, delivery)
        assert rush.times == times
        assert (await office.row(event_id)).state == "test"
