"""Run JetStream handlers: one message, one transaction, one effect."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from google.protobuf.message import DecodeError
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from prometheus_client import Counter

from common import dead_letters, telemetry
from common.attempts import Attempts
from common.db import Database, is_unavailable
from common.handlers import Handlers
from common.inbox import InboxRow, is_first
from common.outbox import MESSAGE_ID

log = structlog.get_logger()

BACKOFF_SECONDS = (1.0, 5.0, 15.0, 30.0, 60.0)
MAX_ATTEMPTS = 8
AWAY_SECONDS = 2.0
FETCH = 50
# Also how long a stop may have to wait for an idle consumer.
FETCH_SECONDS = 1.0
ACK_WAIT_SECONDS = 60
MOST_PENDING = 4 * FETCH

consumed_total = Counter("consumer_messages", "Messages consumed.", ["stream", "result"])


@dataclass
class ConsumerState:
    """What the operator wants to know of one consumer of this process."""

    stream: str
    durable: str
    done: int = 0
    failed: int = 0
    dead: int = 0
    last_error: str = ""
    subjects: list[str] = field(default_factory=list)


class Consumer:
    """A service's durable consumer on one stream; replicas share its messages.

    The durable is named like the service. A message is acknowledged after the commit of its
    effects and its inbox row; what fails is given back with a growing delay, and after
    MAX_ATTEMPTS goes to the dead letters. While the database is away nothing counts as failed.
    """

    def __init__(
        self,
        service: str,
        stream: str,
        handlers: Handlers,
        database: Database,
        inbox: type[InboxRow],
    ) -> None:
        self._handlers = {
            message.DESCRIPTOR.full_name: (message, handler)
            for message, handler in handlers.items()
        }
        self._database = database
        self._inbox = inbox
        self._attempts = Attempts(MOST_PENDING)
        self.state = ConsumerState(stream, service, subjects=sorted(self._handlers))

    async def run(self, jetstream: JetStreamContext, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await self._consume(jetstream, stopping)
            except Exception as error:  # noqa: BLE001 boundary: the loop outlives NATS
                self._note(error)
                log.warning("consumer waits", stream=self.state.stream, error=self.state.last_error)
                await asyncio.sleep(AWAY_SECONDS)

    async def _consume(self, jetstream: JetStreamContext, stopping: asyncio.Event) -> None:
        config = ConsumerConfig(
            name=self.state.durable,  # by which the server knows whether we may
            durable_name=self.state.durable,
            filter_subjects=self.state.subjects,
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            ack_wait=ACK_WAIT_SECONDS,
            max_deliver=-1,
            max_ack_pending=MOST_PENDING,
        )
        await jetstream.add_consumer(self.state.stream, config)
        subscription = await jetstream.pull_subscribe_bind(
            self.state.durable, stream=self.state.stream
        )
        while not stopping.is_set():
            with suppress(TimeoutError):  # nothing came
                for message in await subscription.fetch(FETCH, timeout=FETCH_SECONDS):
                    await self.take(jetstream, message)

    async def take(self, jetstream: JetStreamContext, message: Msg) -> None:
        """Do one message: its effects once, then the acknowledgement."""
        headers = message.headers or {}
        try:
            message_id = UUID(headers.get(MESSAGE_ID, ""))
            kind, handler = self._handlers[message.subject]
            event = kind.FromString(message.data)
        except (DecodeError, KeyError, ValueError) as error:
            await self._bury(jetstream, message, f"malformed: {error}")
            return
        try:
            with telemetry.continued_span(f"consume {message.subject}", headers):
                async with self._database.sessions.begin() as session:
                    if await is_first(session, self._inbox, message_id):
                        await handler(session, event)
        except Exception as error:  # noqa: BLE001 boundary: the message must be given back
            await self._give_back(jetstream, message, error)
        else:
            await message.ack()
            self._attempts.forget(message)
            self.state.done += 1
            consumed_total.labels(self.state.stream, "done").inc()

    async def _give_back(self, jetstream: JetStreamContext, message: Msg, error: Exception) -> None:
        self._note(error)
        if is_unavailable(error):
            await message.nak(delay=AWAY_SECONDS)
            return
        log.error("message failed", subject=message.subject, exc_info=error)
        consumed_total.labels(self.state.stream, "failed").inc()
        self.state.failed += 1
        attempt = self._attempts.fail(message)
        if attempt >= MAX_ATTEMPTS:
            await self._bury(jetstream, message, self.state.last_error)
        else:
            await message.nak(delay=BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS)) - 1])

    async def _bury(self, jetstream: JetStreamContext, message: Msg, error: str) -> None:
        await dead_letters.bury(jetstream, message, self.state.durable, error)
        self._attempts.forget(message)
        self.state.dead += 1
        self.state.last_error = error
        consumed_total.labels(self.state.stream, "dead").inc()
        log.error("dead letter", subject=message.subject, error=error)

    def _note(self, error: Exception) -> None:
        self.state.last_error = f"{type(error).__name__}: {error}"[:300]
