"""Schedules on the server that say when a sweep is due: ticks come from there, not from timers."""

from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import NotFoundError

from common import jobs
from common.db import now
from common.sweeps import LANE, Sweep, Sweeps
from tastebuds.ops.v1.sweep_pb2 import SweepDue

# Nobody needs ticks from so long ago: a start runs every sweep, and so does the next tick.
TICK_LIFE = "1h"


async def declare(jetstream: JetStreamContext, sweeps: Sweeps) -> None:
    """Make the schedules as declared: new and changed ones are published, others removed.

    Those that are the same stay as they are, however many replicas start.
    """
    service = sweeps.service
    for sweep in sweeps.by_name.values():
        wanted = _headers(service, sweep)
        if await _current(jetstream, _subject(service, sweep.name)) != wanted:
            await _publish(jetstream, service, sweep.name, wanted)
    for name in await _names(jetstream, service) - sweeps.by_name.keys():
        # A last time and at once: nobody knows the sweep, and the schedule is over.
        last = {Header.SCHEDULE.value: f"@at {now():%Y-%m-%dT%H:%M:%SZ}"}
        await _publish(jetstream, service, name, last | _target(service))


def _subject(service: str, name: str) -> str:
    return f"sched.{service}.sweep.{name}"


def _target(service: str) -> dict[str, str]:
    return {Header.SCHEDULE_TARGET.value: jobs.subject(service, LANE.name, SweepDue)}


def _headers(service: str, sweep: Sweep) -> dict[str, str]:
    return {
        Header.SCHEDULE.value: sweep.cron,
        Header.SCHEDULE_TIME_ZONE.value: sweep.time_zone,
        Header.SCHEDULE_TTL.value: TICK_LIFE,
        **_target(service),
    }


async def _publish(
    jetstream: JetStreamContext, service: str, name: str, headers: dict[str, str]
) -> None:
    tick = SweepDue(name=name).SerializeToString()
    await jetstream.publish(_subject(service, name), tick, headers=headers)


async def _current(jetstream: JetStreamContext, subject: str) -> dict[str, str]:
    """What the schedule says; the server adds headers of its own."""
    try:
        found = await jetstream.get_last_msg(jobs.STREAM, subject)
    except NotFoundError:
        return {}
    ours = {
        Header.SCHEDULE, Header.SCHEDULE_TIME_ZONE, Header.SCHEDULE_TTL, Header.SCHEDULE_TARGET,
    }  # fmt: skip
    return {name: value for name, value in (found.headers or {}).items() if name in ours}


async def _names(jetstream: JetStreamContext, service: str) -> set[str]:
    every = _subject(service, "*")
    found = await jetstream.stream_info(jobs.STREAM, subjects_filter=every)
    return {subject.removeprefix(every[:-1]) for subject in found.state.subjects or ()}
