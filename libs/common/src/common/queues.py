"""What the operator sees of a service's messages: its outbox and its consumers."""

from collections.abc import Sequence
from dataclasses import dataclass

from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from common import dead_letters
from common.consuming import Consumer, ConsumerState
from common.db import ERRORS, Database, is_unavailable
from common.outbox import OutboxRow, depth


@dataclass(frozen=True, slots=True)
class OutboxReport:
    waiting: int
    oldest_age_seconds: float


@dataclass(frozen=True, slots=True)
class ConsumerReport:
    """`pending` is not yet delivered, `in_flight` delivered and not yet acknowledged."""

    state: ConsumerState
    pending: int
    in_flight: int
    redelivered: int


@dataclass(frozen=True, slots=True)
class QueueReport:
    service: str
    outbox: OutboxReport | None
    consumers: list[ConsumerReport]
    dead_letters: int
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Queues:
    service: str
    database: Database
    outbox: type[OutboxRow] | None
    jetstream: JetStreamContext
    consumers: Sequence[Consumer]

    async def report(self) -> QueueReport:
        warnings: list[str] = []
        consumers: list[ConsumerReport] = []
        dead = 0
        try:
            consumers = [await self._consumer(consumer) for consumer in self.consumers]
            dead = await self._dead_letters()
        except (NatsError, TimeoutError) as error:
            warnings.append(f"NATS: {_words(error)}")
        outbox = None
        try:
            outbox = await self._outbox()
        except ERRORS as error:
            if not is_unavailable(error):
                raise
            warnings.append(f"Postgres: {_words(error)}")
        return QueueReport(self.service, outbox, consumers, dead, warnings)

    async def _outbox(self) -> OutboxReport | None:
        if self.outbox is None:
            return None
        return OutboxReport(*await depth(self.database, self.outbox))

    async def _consumer(self, consumer: Consumer) -> ConsumerReport:
        state = consumer.state
        found = await self.jetstream.consumer_info(state.stream, state.durable)
        return ConsumerReport(
            state,
            pending=found.num_pending or 0,
            in_flight=found.num_ack_pending or 0,
            redelivered=found.num_redelivered or 0,
        )

    async def _dead_letters(self) -> int:
        found = await self.jetstream.stream_info(
            dead_letters.STREAM, subjects_filter=f"dlq.{self.service}.>"
        )
        return sum((found.state.subjects or {}).values())


def _words(error: Exception) -> str:
    """A timeout has none of its own."""
    return str(error)[:300] or type(error).__name__
