"""Senders of webhooks: they post at a steady rate, never twice, and remember what was accepted."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import aiohttp

ANSWER_SECONDS = 30
CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Post:
    """One webhook; `mark` is what its effect is known by."""

    path: str
    body: bytes
    mark: str


@dataclass(slots=True)
class Receipts:
    """`accepted` maps each mark to the id of its event; `refused` counts all other outcomes."""

    accepted: dict[str, str] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    def quantile_ms(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


async def post_steadily(
    doors: Sequence[str], make: Callable[[int], Post], *, per_second: float, seconds: float
) -> Receipts:
    """Post to the doors in turn, whether or not earlier posts have been answered."""
    receipts = Receipts()
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with (
        aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
        asyncio.TaskGroup() as tasks,
    ):
        began = time.perf_counter()
        for number in range(int(per_second * seconds)):
            await asyncio.sleep(began + number / per_second - time.perf_counter())
            door = doors[number % len(doors)]
            tasks.create_task(_post(session, door, make(number), receipts))
    return receipts


async def _post(session: aiohttp.ClientSession, door: str, post: Post, receipts: Receipts) -> None:
    began = time.perf_counter()
    try:
        headers = {"Content-Type": "application/json"}
        async with session.post(door + post.path, data=post.body, headers=headers) as reply:
            answer = await reply.json(content_type=None)
            if reply.status == 202:
                receipts.accepted[post.mark] = answer["id"]
                receipts.latencies.append(time.perf_counter() - began)
            else:
                receipts.refused[str(reply.status)] += 1
    except (aiohttp.ClientError, TimeoutError) as error:
        receipts.refused[type(error).__name__] += 1
