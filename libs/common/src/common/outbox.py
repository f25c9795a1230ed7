"""Transactional outbox: an event or a job is a row until the relay has published it."""

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import structlog
from google.protobuf.message import Message
from nats.js import JetStreamContext
from nats.js.api import Header
from opentelemetry.trace import SpanKind
from prometheus_client import Counter
from sqlalchemy import BigInteger, DateTime, Identity, delete, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from common import jobs, telemetry
from common.db import Database, new_id

log = structlog.get_logger()

MESSAGE_ID = Header.MSG_ID.value
BATCH = 200
# In between others have their turn: a webhook's sender waits for an answer.
AT_ONCE = 16
POLL_SECONDS = 1.0
RETRY_SECONDS = 0.5
PUBLISH_TIMEOUT_SECONDS = 5
# Longer than a leader that lives is ever silent; one that is frozen loses its session and the lock.
SILENT_MILLISECONDS = 15_000

published_total = Counter("outbox_published", "Events published by the relay.")


class OutboxRow:
    """Mixin; each service declares `class Outbox(OutboxRow, Base)` in its own schema."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    message_id: Mapped[UUID] = mapped_column(default=new_id)
    subject: Mapped[str]
    payload: Mapped[bytes]
    headers: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    @classmethod
    def of(cls, event: Message) -> Self:
        """The row of an event; its subject is the full name of the message."""
        row = cls()
        row.subject = event.DESCRIPTOR.full_name
        row.payload = event.SerializeToString()
        row.headers = telemetry.carried_context()
        return row

    @classmethod
    def job(cls, service: str, lane: str, message: Message) -> Self:
        """The row of work for one of the service's own lanes."""
        row = cls.of(message)
        row.subject = jobs.subject(service, lane, type(message))
        return row


class Relay:
    """Publishes waiting rows, oldest first; a crash repeats some and loses none.

    One leader per schema, by an advisory lock that its connection holds; the relays of the other
    replicas stand by. The leader wakes at NOTIFY on the channel `<schema>_outbox`, and polls too.
    """

    def __init__(
        self, database: Database, jetstream: JetStreamContext, table: type[OutboxRow]
    ) -> None:
        self._database = database
        self._jetstream = jetstream
        self._rows: Any = table.__table__  # type: ignore[attr-defined]
        self._channel = f"{self._rows.schema}_outbox"
        self._wake = asyncio.Event()
        self.last_error = ""

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                async with self._database.engine.connect() as connection:
                    try:
                        await self._lead(connection, stopping)
                    finally:
                        # The lock and the LISTEN belong to the session: keep them off the pool.
                        await connection.invalidate()
            except Exception as error:  # noqa: BLE001 boundary: outlives Postgres and NATS
                self.last_error = str(error) or type(error).__name__
                log.warning("outbox relay waits", error=self.last_error[:200])
                await asyncio.sleep(RETRY_SECONDS)

    async def _lead(self, connection: AsyncConnection, stopping: asyncio.Event) -> None:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.add_listener(self._channel, lambda *_: self._wake.set())
        silence = func.set_config("idle_session_timeout", str(SILENT_MILLISECONDS), False)  # noqa: FBT003
        lock = select(func.pg_try_advisory_lock(func.hashtext(self._channel)), silence)
        while not stopping.is_set():
            if await connection.scalar(lock):
                await connection.commit()
                await self._publish_all(connection, stopping)
            await connection.commit()
            await self._rest()

    async def _publish_all(self, connection: AsyncConnection, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            if await self.publish_batch(connection) < BATCH:
                await self._rest()

    async def _rest(self) -> None:
        """Until there is news, or for a second; also while standing by, which hears the same."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
        self._wake.clear()

    async def publish_batch(self, connection: AsyncConnection) -> int:
        waiting = select(self._rows).order_by(self._rows.c.id).limit(BATCH)
        rows = (await connection.execute(waiting)).all()
        await connection.commit()  # published outside a transaction: one leader, no one races
        if rows:
            for start in range(0, len(rows), AT_ONCE):
                await asyncio.gather(*map(self._publish, rows[start : start + AT_ONCE]))
            ids = [row.id for row in rows]
            await connection.execute(delete(self._rows).where(self._rows.c.id.in_(ids)))
            await connection.commit()
            published_total.inc(len(rows))
            self.last_error = ""
        return len(rows)

    async def _publish(self, row: Any) -> None:
        with telemetry.continued_span(f"publish {row.subject}", row.headers, SpanKind.PRODUCER):
            ids = dict.fromkeys((MESSAGE_ID, jobs.MESSAGE_ID), str(row.message_id))
            headers = row.headers | telemetry.carried_context() | ids
            await self._jetstream.publish(
                row.subject, row.payload, headers=headers, timeout=PUBLISH_TIMEOUT_SECONDS
            )


async def depth(database: Database, table: type[OutboxRow]) -> tuple[int, float]:
    """How many events wait, and the age of the oldest in seconds."""
    rows: Any = table.__table__  # type: ignore[attr-defined]
    age = func.coalesce(func.extract("epoch", func.now() - func.min(rows.c.created_at)), 0)
    async with database.readers() as session:
        count, oldest = (await session.execute(select(func.count(), age).select_from(rows))).one()
    return count, float(oldest)
