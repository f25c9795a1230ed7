"""Which replicas of a service live and what each has done, asked at $SRV.STATS (nats.micro)."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

import orjson
from nats import micro
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.micro.request import Request

# Replicas answer at once; who has not by then is not counted.
GATHER_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Replica:
    """A living process of a service."""

    id: str
    host: str
    pid: int
    version: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Counters:
    """What a replica's consumer did lately; the time is in ISO 8601, empty when there is none."""

    stream: str
    name: str
    done_last_minute: int
    done_last_hour: int
    failed_last_minute: int
    failed_last_hour: int
    last_error: str
    last_error_at: str


@dataclass(frozen=True, slots=True)
class Answer:
    replica: Replica
    counters: Sequence[Counters]


async def announce(
    nats: Client, service: str, count: Callable[[], Sequence[Counters]] = tuple
) -> None:
    """Whoever asks is told that this process lives, for as long as its connection does."""

    def tell() -> list[dict[str, Any]]:
        return [asdict(counters) for counters in count()]

    async def answer(request: Request) -> None:
        await request.respond(orjson.dumps(tell()))

    running = await micro.add_service(
        nats,
        name=service,
        version=version(f"tastebuds-{service}"),
        metadata={"host": socket.gethostname(), "pid": str(os.getpid())},
        stats_handler=lambda _: tell(),
    )
    # Statistics belong to an endpoint; asked itself, one of the replicas tells the same.
    subject = f"$SRV.CONSUMERS.{service}"
    await running.add_endpoint(name="consumers", subject=subject, handler=answer)


async def gather(nats: Client, service: str) -> list[Answer]:
    """What the replicas say that answer in time, the oldest first."""
    answers: list[Answer] = []

    async def note(message: Msg) -> None:
        if message.data:  # else: nobody is there to answer
            answers.append(_read(orjson.loads(message.data)))

    inbox = nats.new_inbox()
    subscription = await nats.subscribe(inbox, cb=note)
    await nats.publish(f"$SRV.STATS.{service}", reply=inbox)
    await asyncio.sleep(GATHER_SECONDS)
    await subscription.unsubscribe()
    return sorted(answers, key=lambda answer: (answer.replica.since, answer.replica.id))


def _read(stats: Mapping[str, Any]) -> Answer:
    told = [each for endpoint in stats["endpoints"] for each in endpoint["data"] or ()]
    replica = Replica(
        id=stats["id"],
        host=stats["metadata"]["host"],
        pid=int(stats["metadata"]["pid"]),
        version=stats["version"],
        since=datetime.fromisoformat(stats["started"]),
    )
    return Answer(replica, [Counters(**each) for each in told])
