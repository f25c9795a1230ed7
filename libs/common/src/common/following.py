"""Follow a stream: every replica sees every event, for caches that live in memory."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

log = structlog.get_logger()

INACTIVE_SECONDS = 60.0
FETCH = 500
# Also how long a stop may have to wait for an idle consumer.
FETCH_SECONDS = 1.0
CATCH_UP_SECONDS = 0.2
AWAY_SECONDS = 0.5


class Follower:
    """Reads subjects of one stream through a consumer of its own, made anew after each gap.

    `lookback` says how far back each (re)start reads; `on_gap` is called when events may have
    been missed, before anything is read again; `caught_up` is set while nothing waits.
    """

    def __init__(
        self,
        stream: str,
        subjects: Sequence[str],
        *,
        lookback: timedelta,
        on_message: Callable[[Msg], None],
        on_gap: Callable[[], None],
    ) -> None:
        self.stream = stream
        self.subjects = list(subjects)
        self.lookback = lookback
        self.on_message = on_message
        self.on_gap = on_gap
        self.caught_up = asyncio.Event()

    async def run(self, jetstream: JetStreamContext, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            self.caught_up.clear()
            self.on_gap()
            try:
                await self._follow(jetstream, stopping)
            except Exception as error:  # noqa: BLE001 boundary: the follower outlives NATS
                reason = str(error) or type(error).__name__
                log.warning("follower waits", stream=self.stream, error=reason)
                await asyncio.sleep(AWAY_SECONDS)

    async def _follow(self, jetstream: JetStreamContext, stopping: asyncio.Event) -> None:
        since = datetime.now(UTC) - self.lookback
        consumer = await jetstream.add_consumer(
            self.stream,
            ConsumerConfig(
                filter_subjects=self.subjects,
                ack_policy=AckPolicy.NONE,
                deliver_policy=DeliverPolicy.BY_START_TIME,
                opt_start_time=since.isoformat(),  # type: ignore[arg-type]  # the wire's form
                inactive_threshold=INACTIVE_SECONDS,
                mem_storage=True,
            ),
        )
        subscription = await jetstream.pull_subscribe_bind(consumer.name, stream=self.stream)
        while not stopping.is_set():
            wait = FETCH_SECONDS if self.caught_up.is_set() else CATCH_UP_SECONDS
            try:
                for message in await subscription.fetch(FETCH, timeout=wait):
                    self.on_message(message)
            except TimeoutError:
                # Nothing came: either all is read, or the consumer is gone; the latter raises here.
                await subscription.consumer_info()
                self.caught_up.set()
        with suppress(TimeoutError):
            await jetstream.delete_consumer(self.stream, consumer.name)
