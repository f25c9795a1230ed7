"""How one durable consumer is doing: by the server's numbers, and what its replicas counted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo
from nats.js.errors import NotFoundError

from common.db import now
from common.declaring import subjects_of
from common.presence import Answer, Counters
from common.queue_report import ConsumerReport
from common.tallies import ConsumerState


@dataclass(frozen=True, slots=True)
class Queue:
    """What the server says of a consumer; the age in seconds is of the oldest not yet done."""

    state: ConsumerState
    info: ConsumerInfo
    oldest_age: float

    def report(self, answers: Sequence[Answer]) -> ConsumerReport:
        """With what all replicas say together."""
        info, name = self.info, (self.state.stream, self.state.durable)
        every = (each for answer in answers for each in answer.counters)
        told = [each for each in every if (each.stream, each.name) == name]
        failures = [each for each in told if each.last_error_at]
        latest = max(failures, key=attrgetter("last_error_at"), default=None)
        until = info.config.pause_until if info.paused else None
        return ConsumerReport(
            *name,
            subjects_of(info.config),
            pending=info.num_pending or 0,
            in_flight=info.num_ack_pending or 0,
            redelivered=info.num_redelivered or 0,
            oldest_age_seconds=self.oldest_age,
            done_last_minute=sum(each.done_last_minute for each in told),
            done_last_hour=sum(each.done_last_hour for each in told),
            failed_last_minute=sum(each.failed_last_minute for each in told),
            failed_last_hour=sum(each.failed_last_hour for each in told),
            last_error=latest.last_error if latest else "",
            last_error_at=datetime.fromisoformat(latest.last_error_at) if latest else None,
            paused_until=datetime.fromisoformat(until) if until else None,
        )


def counters_of(state: ConsumerState) -> Counters:
    """What this process tells the others."""
    at = state.last_error_at
    return Counters(
        state.stream,
        state.durable,
        done_last_minute=state.done.last_minute(),
        done_last_hour=state.done.last_hour(),
        failed_last_minute=state.failed.last_minute(),
        failed_last_hour=state.failed.last_hour(),
        last_error=state.last_error,
        last_error_at=at.isoformat() if at else "",
    )


async def look_at(jetstream: JetStreamContext, state: ConsumerState) -> Queue:
    info = await jetstream.consumer_info(state.stream, state.durable)
    if not info.num_pending and not info.num_ack_pending:
        return Queue(state, info, 0.0)
    # What follows the acknowledged is the oldest that is not, on one subject or another.
    after = info.ack_floor.stream_seq + 1 if info.ack_floor else 1
    subjects = subjects_of(info.config)  # also those that only another version knows
    times = await asyncio.gather(
        *(_time_of(jetstream, state.stream, subject, after) for subject in subjects)
    )
    oldest = min((time for time in times if time), default=now())
    return Queue(state, info, max(0.0, (now() - oldest).total_seconds()))


async def _time_of(
    jetstream: JetStreamContext, stream: str, subject: str, after: int
) -> datetime | None:
    try:
        return (await jetstream.get_msg(stream, after, subject, next=True)).time
    except NotFoundError:
        return None
