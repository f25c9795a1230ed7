"""Durable consumers: messages are fetched, understood, and tried a few at a time."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from common import dead_letters, telemetry
from common.declaring import declare
from common.envelopes import Malformed
from common.requests import REQUEST_ID, Request, current
from common.tallies import ConsumerState
from common.trying import Try, WorkItem

log = structlog.get_logger()

AWAY_SECONDS = 2.0
# A fetch has its price, and none survives a restart of the server: after so long there is another.
FETCH_SECONDS = 3.0
BUSY_SECONDS = 1.0
FREE_AT_ONCE_SECONDS = 0.05
GRACE_SECONDS = 10.0


class Durable:
    """A service's durable consumer; replicas share its messages.

    `read` makes a work item of a message or raises Malformed. So many `slots` are at work at once;
    each takes a `portion` of messages and does them in their order. A stop waits for what is under
    way, at most `grace` seconds; what is left comes again, here or elsewhere.
    """

    def __init__(
        self,
        state: ConsumerState,
        read: Callable[[Msg], WorkItem],
        *,
        slots: int,
        portion: int = 1,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self.state = state
        self._read = read
        self._slots = slots
        self._portion = portion
        self._grace = grace
        self._busy: set[asyncio.Task[None]] = set()

    async def run(self, jetstream: JetStreamContext, stopping: asyncio.Event) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as grace, asyncio.TaskGroup() as slots:
                while not stopping.is_set():
                    try:
                        await self._consume(jetstream, stopping, slots)
                    except Exception as error:  # noqa: BLE001 boundary: the loop outlives NATS
                        self._outlive(error)
                        await asyncio.sleep(AWAY_SECONDS)
                grace.reschedule(asyncio.get_running_loop().time() + self._grace)

    async def take(self, jetstream: JetStreamContext, message: Msg) -> None:
        """One message: it is done, waits for its next try, or becomes a dead letter."""
        # For the logs, and for those who are called on the way.
        request_id = (message.headers or {}).get(REQUEST_ID)
        current.set(Request(request_id) if request_id else None)
        with telemetry.continued_span(f"consume {message.subject}", message.headers or {}):
            try:
                item = self._read(message)
            except Malformed as error:
                words = f"malformed: {error}"
                await dead_letters.bury(jetstream, message, self.state, 1, words)
            else:
                await Try(jetstream, message, item, self.state).run()

    async def _consume(
        self, jetstream: JetStreamContext, stopping: asyncio.Event, slots: asyncio.TaskGroup
    ) -> None:
        await declare(jetstream, self.state, 4 * self._slots * self._portion)
        bound = await jetstream.pull_subscribe_bind(self.state.durable, stream=self.state.stream)
        try:
            while not stopping.is_set():
                free = await self._free_slots()
                # What others give back in a stop would come to a fetch that nobody waits for.
                if not free or stopping.is_set():
                    continue
                messages = await _fetch(bound, free * self._portion, stopping)
                for start in range(0, len(messages), self._portion):
                    portion = messages[start : start + self._portion]
                    slot = slots.create_task(self._take_all(jetstream, stopping, portion))
                    self._busy.add(slot)
                    slot.add_done_callback(self._busy.discard)
        finally:
            await bound.unsubscribe()

    async def _free_slots(self) -> int:
        """Half of them, or fewer when no other gets free at once: each fetch has its price."""
        while len(self._busy) > self._slots // 2:
            wait = BUSY_SECONDS if len(self._busy) >= self._slots else FREE_AT_ONCE_SECONDS
            freed, _ = await asyncio.wait(
                self._busy, timeout=wait, return_when=asyncio.FIRST_COMPLETED
            )
            if not freed:
                break
        # A fetch may bring more than was asked for: what came late for the one before.
        return max(0, self._slots - len(self._busy))

    async def _take_all(
        self, jetstream: JetStreamContext, stopping: asyncio.Event, messages: Sequence[Msg]
    ) -> None:
        for message in messages:
            try:
                if stopping.is_set():
                    await message.nak()  # for another replica, at once
                else:
                    await self.take(jetstream, message)
            except Exception as error:  # noqa: BLE001 boundary: the message comes again by itself
                self._outlive(error)

    def _outlive(self, error: Exception) -> None:
        self.state.note(f"{type(error).__name__}: {error}")
        log.warning("consumer waits", durable=self.state.durable, error=self.state.last_error)


async def _fetch(
    bound: JetStreamContext.PullSubscription, most: int, stopping: asyncio.Event
) -> Sequence[Msg]:
    """Empty when none came for a while, or when it is time to stop.

    What arrives in the moment of a stop is not acknowledged, so it comes again to someone else.
    """
    fetching = asyncio.create_task(bound.fetch(most, timeout=FETCH_SECONDS))
    ending = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait((fetching, ending), return_when=asyncio.FIRST_COMPLETED)
        if not fetching.done():
            return []
        with suppress(TimeoutError):
            return await fetching
        return []
    finally:
        fetching.cancel()
        ending.cancel()
