"""What is left on the work queue, also where no consumer looks any more."""

import asyncio
from collections.abc import Mapping

import nats

from stack import broker
from stack.stack import Stack

STREAM = "JOBS"
TIMEOUT_SECONDS = 10


def left(stack: Stack) -> Mapping[str, int]:
    """Messages by subject; the schedules of sweeps, which stay for ever, are none of them."""
    return asyncio.run(_left(stack))


async def _left(stack: Stack) -> Mapping[str, int]:
    client = await nats.connect(
        stack.plan.nats_url,
        nkeys_seed=str(broker.seed_path(stack.home.nats, broker.ADMIN)),
        connect_timeout=TIMEOUT_SECONDS,
    )
    try:
        jetstream = client.jetstream(timeout=TIMEOUT_SECONDS)
        info = await jetstream.stream_info(STREAM, subjects_filter=">")
    finally:
        await client.close()
    subjects = info.state.subjects or {}
    return {name: count for name, count in subjects.items() if not _is_sweep(name)}


def _is_sweep(subject: str) -> bool:
    kind, _, rest = subject.partition(".")
    return kind == "sched" and rest.split(".")[1] == "sweep"
