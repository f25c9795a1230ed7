"""A tiny service of its own, called menus because that name has a role and a NATS user."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common import db, nats_client, outbox_trigger
from common.idempotency import IdempotencyRow
from common.inbox import InboxRow
from common.outbox import OutboxRow
from common.sweep_runs import SweepRunRow
from common.tables import Tables


class Base(DeclarativeBase):
    metadata = db.schema("menus")


class Outbox(OutboxRow, Base):
    pass


class Inbox(InboxRow, Base):
    pass


class Idempotency(IdempotencyRow, Base):
    pass


class SweepRun(SweepRunRow, Base):
    pass


class Effect(Base):
    """What a handler or a write leaves behind."""

    __tablename__ = "effects"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Rows:
    Outbox, Inbox, Idempotency, SweepRun = Outbox, Inbox, Idempotency, SweepRun
    Effect = Effect
    all = Tables(Outbox, SweepRun, Inbox, Idempotency)


@pytest.fixture(scope="session")
def tables():
    return Rows


@pytest.fixture(scope="session")
async def shared_database(postgres):
    async with db.connect(postgres.create_service_database("menus")) as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
            for statement in outbox_trigger.create("menus"):
                await connection.execute(text(statement))
        yield database


@pytest.fixture
async def database(shared_database):
    async with shared_database.engine.begin() as connection:
        names = ", ".join(f"menus.{table.name}" for table in Base.metadata.sorted_tables)
        await connection.execute(text(f"truncate {names}"))
    return shared_database


@pytest.fixture
async def jetstream(connect_nats, empty_nats):
    await empty_nats()
    async with connect_nats("menus") as client:
        stream = client.jetstream()
        await nats_client.declare_streams(stream, "menus")
        yield stream


@pytest.fixture
def running():
    """`async with running(part, …)`: run parts of a process, then stop them as SIGTERM would."""

    @asynccontextmanager
    async def run(*parts):
        stopping = asyncio.Event()
        tasks = [asyncio.create_task(part(stopping)) for part in parts]
        try:
            yield
        finally:
            stopping.set()
            async with asyncio.timeout(15):
                await asyncio.gather(*tasks)

    return run


@pytest.fixture
def eventually():
    """Wait until the asynchronous question is answered by yes."""

    async def wait(question, seconds=10.0):
        async with asyncio.timeout(seconds):
            while not await question():
                await asyncio.sleep(0.02)

    return wait
