"""Senders of webhooks: they post at a steady rate, never twice, and remember what was accepted."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bench.load import Connection, Request

ANSWER_SECONDS = 30
# Of all senders together, to all doors.
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


class Sender:
    """Posts to one door, over connections that are kept until they break."""

    def __init__(self, door: str, connections: int) -> None:
        self._host = urlsplit(door).netloc
        self._free = asyncio.Semaphore(connections)
        self._idle: list[Connection] = []

    async def post(self, post: Post) -> tuple[int, bytes]:
        """Status and body; OSError when there is no answer, or none in time."""
        wire = Request(post.path, "POST", body=post.body).wire(self._host)
        async with asyncio.timeout(ANSWER_SECONDS), self._free:
            connection = await self._connect()
            with ExitStack() as unanswered:
                unanswered.callback(connection.close)
                answer = await connection.ask(wire)
                unanswered.pop_all()
            self._idle.append(connection)
            return answer

    async def _connect(self) -> Connection:
        while self._idle:
            if (connection := self._idle.pop()).is_open:
                return connection
        host, _, port = self._host.partition(":")
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(Connection, host, int(port)))[1]

    def close(self) -> None:
        for connection in self._idle:
            connection.close()


async def post_steadily(
    doors: Sequence[str], make: Callable[[int], Post], *, per_second: float, seconds: float
) -> Receipts:
    """Post to the doors in turn, whether or not earlier posts have been answered."""
    receipts = Receipts()
    senders = [Sender(door, CONNECTIONS // len(doors)) for door in doors]
    async with asyncio.TaskGroup() as tasks:
        began = time.perf_counter()
        for number in range(int(per_second * seconds)):
            await asyncio.sleep(began + number / per_second - time.perf_counter())
            sender = senders[number % len(senders)]
            tasks.create_task(_post(sender, make(number), receipts))
    for sender in senders:
        sender.close()
    return receipts


async def _post(sender: Sender, post: Post, receipts: Receipts) -> None:
    began = time.perf_counter()
    try:
        status, body = await sender.post(post)
    except OSError as error:
        receipts.refused[type(error).__name__] += 1
        return
    if status == 202:
        receipts.accepted[post.mark] = json.loads(body)["id"]
        receipts.latencies.append(time.perf_counter() - began)
    else:
        receipts.refused[str(status)] += 1
