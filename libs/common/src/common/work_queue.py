"""What is on the work queue and no consumer counts."""

import json
from collections.abc import Mapping, Sequence

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import APIError

from common.jobs import STREAM
from common.tallies import ConsumerState

# Behind all subjects: the server lists none of them, and says how many there are.
NOWHERE = 1 << 40
ANSWER_SECONDS = 2.0


async def count_waiting(nats: Client, service: str) -> int:
    """Jobs between two tries: each is a schedule, with a subject of its own."""
    question = {"subjects_filter": f"sched.{service}.retry.>", "offset": NOWHERE}
    body = json.dumps(question).encode()
    reply = await nats.request(f"$JS.API.STREAM.INFO.{STREAM}", body, timeout=ANSWER_SECONDS)
    answer = json.loads(reply.data)
    if "error" in answer:
        APIError.from_error(answer["error"])
    return int(answer.get("total", 0))


async def stranded(
    jetstream: JetStreamContext, service: str, consumers: Sequence[ConsumerState]
) -> Mapping[str, int]:
    """How many jobs nobody takes, by subject: of a lane that is gone, or of another version."""
    found = await jetstream.stream_info(STREAM, subjects_filter=f"job.{service}.>")
    return {
        subject: count
        for subject, count in (found.state.subjects or {}).items()
        if not any(consumer.takes(subject) for consumer in consumers)
    }
