"""The connection to NATS, and what is declared on it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import nats
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError

from common import dead_letters, jobs
from common.process import until_it_answers
from common.settings import ServiceSettings

log = structlog.get_logger()

DAY_SECONDS = 24 * 3600
EVENTS_MAX_AGE_SECONDS = 30 * DAY_SECONDS
# Longer than the longest time the relay may lie between publishing and deleting a row.
DUPLICATE_WINDOW_SECONDS = 600
PING_TIMEOUT_SECONDS = 2
# The server's error code for a stream that exists with another configuration.
STREAM_IS_OTHERWISE = 10058


@asynccontextmanager
async def connect(service: str, settings: ServiceSettings) -> AsyncIterator[Client]:
    """Connected for as long as the process lives: a lost connection is taken up again for ever."""

    async def report(error: Exception) -> None:
        log.warning("nats", error=str(error) or type(error).__name__)

    client = await nats.connect(
        settings.nats_url,
        name=service,
        inbox_prefix=f"_INBOX_{service}".encode(),
        nkeys_seed=str(settings.nats_seed_file) if settings.nats_seed_file else None,
        error_cb=report,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.5,
        connect_timeout=2,
    )
    try:
        yield client
    finally:
        # Not drain(): it would wait for messages that nobody reads any more. What was published
        # is acknowledged by now, and close() sends what is still to be sent.
        await client.close()


@asynccontextmanager
async def connect_when_ready(service: str, settings: ServiceSettings) -> AsyncIterator[Client]:
    """The connection, once the server answers."""
    async with AsyncExitStack() as stack:
        found: list[Client] = []

        async def attempt() -> None:
            found.append(await stack.enter_async_context(connect(service, settings)))

        await until_it_answers("NATS", attempt, is_unavailable)
        yield found[0]


def streams_of(service: str) -> list[StreamConfig]:
    """The service's own events, and the two streams that all services share."""
    events = StreamConfig(
        name=service.upper(),
        subjects=[f"tastebuds.{service}.v1.>"],
        retention=RetentionPolicy.LIMITS,
        max_age=EVENTS_MAX_AGE_SECONDS,
    )
    # Without an age: it would delete schedules that are due later.
    work = StreamConfig(
        name=jobs.STREAM,
        subjects=["job.>", "sched.>"],
        retention=RetentionPolicy.WORK_QUEUE,
        allow_msg_schedules=True,
        allow_msg_ttl=True,
    )
    # Without an age too: a sweep deletes old ones, after a time that is a setting.
    dead = StreamConfig(
        name=dead_letters.STREAM, subjects=["dlq.>"], retention=RetentionPolicy.LIMITS
    )
    return [
        config.evolve(storage=StorageType.FILE, duplicate_window=DUPLICATE_WINDOW_SECONDS)
        for config in (events, work, dead)
    ]


async def declare_streams(jetstream: JetStreamContext, service: str) -> None:
    """Create what is missing, and change what an older version declared otherwise."""
    for config in streams_of(service):
        try:
            await jetstream.add_stream(config)
        except BadRequestError as error:
            if error.err_code != STREAM_IS_OTHERWISE:
                raise
            await jetstream.update_stream(config)


async def ping(client: Client) -> None:
    """Raises when the server does not answer."""
    await client.flush(timeout=PING_TIMEOUT_SECONDS)


def is_unavailable(error: BaseException) -> bool:
    return isinstance(error, (NatsError, OSError, TimeoutError))
