"""A burst of webhooks: accepted while others are worked on, and worked off when it is over."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from math import nan
from urllib.parse import urlsplit

import asyncpg
import httpx
import orjson

from bench.load import Outcome, Request, run
from bench.meter import Row, row
from bench.scenarios import Scene
from stack.stack import Stack

BURST = 10_000
CLIENTS = 32
WORKS = 100
# The longest that the burst, and then what is left of it, may take.
PATIENCE_SECONDS = 300
ACCEPTED = "webhooks accepted in a burst"
WORKED_OFF = "webhooks worked off afterwards"
LEFT = "select count(*) from ingest.webhook_events where state in ('received', 'waiting')"


async def burst(scene: Scene) -> list[Row]:
    """Plays of works that the catalogue knows: each one is an entry in a diary.

    The first row is what the senders saw; the second what was left then, whose CPU is that of all
    events from the door to the diary.
    """
    request, door = _events(scene), scene.stack.webhook_url()
    seen: list[Outcome] = []
    left: list[tuple[int, float]] = []

    async def everything() -> Outcome:
        seen.append(await run(door, request, clients=CLIENTS, seconds=PATIENCE_SECONDS, most=BURST))
        left.append(await _drain(scene.stack))
        return seen[0]

    whole = await scene.meter.measure("webhooks", everything, expected=202)
    count, seconds = left[0]
    rate = count / seconds if count else nan
    return [
        row(ACCEPTED, seen[0], expected=202),
        replace(whole, name=WORKED_OFF, per_second=rate, p50_ms=nan, p99_ms=nan),
    ]


async def _drain(stack: Stack) -> tuple[int, float]:
    """How many events were left, and the seconds until none was."""
    began = time.perf_counter()
    connection = await asyncpg.connect(stack.admin_database_url)
    try:
        first = left = await connection.fetchval(LEFT)
        while left:
            if time.perf_counter() - began > PATIENCE_SECONDS:
                raise TimeoutError(f"{left} webhooks are still waiting")
            await asyncio.sleep(0.25)
            left = await connection.fetchval(LEFT)
    finally:
        await connection.close()
    return first, time.perf_counter() - began


def _events(scene: Scene) -> Callable[[int], Request]:
    with httpx.Client(
        base_url=scene.stack.base_url, headers=dict(scene.person.headers), timeout=30
    ) as client:
        works = [_work(client, number) for number in range(WORKS)]
        minted = client.post("/api/integrations/generic/webhook-token").raise_for_status().json()
    path = urlsplit(minted["webhook_url"]).path

    def request(number: int) -> Request:
        event = {
            "event": "finished",
            "id": f"play {number}",
            "media_type": "book",
            "ids": {"tastebuds": works[number % WORKS]},
            "title": "The Long Evening",
        }
        return Request(path, "POST", body=orjson.dumps(event))

    return request


def _work(client: httpx.Client, number: int) -> str:
    body = {"media_type": "book", "title": f"The Long Evening, Part {number}"}
    return str(client.post("/api/media", json=body).raise_for_status().json()["id"])
