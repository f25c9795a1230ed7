"""Reads, transactions, and what goes wrong with either."""

import asyncio
import os
import signal
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from common import db
from common.failures import is_away

FAILING = text("select cast(:password as text), 1 / 0")


@pytest.mark.parametrize("way", ["readers", "sessions"])
async def test_an_error_repeats_no_parameter(database, way):
    async with getattr(database, way)() as session:
        with pytest.raises(DBAPIError) as caught:
            await session.execute(FAILING, {"password": "hunter2"})
    assert "division by zero" in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_reads_and_transactions_share_connections_and_keep_apart(database, tables):
    """The pool gives the warmest connection: here it is always the same one."""
    backend = text("select pg_backend_pid(), current_setting('transaction_isolation')")
    seen = set()
    for number in range(3):
        async with database.sessions() as session:
            session.add(tables.Effect(name=f"undone {number}"))
            await session.flush()
            seen.add(tuple((await session.execute(backend)).one()))
            await session.rollback()
        async with database.readers() as reader:
            await reader.execute(insert(tables.Effect).values(name=f"kept {number}"))
            seen.add(tuple((await reader.execute(backend)).one()))
            assert not (await reader.get_raw_connection()).driver_connection.is_in_transaction()
    assert len(seen) == 1
    async with database.readers() as reader:
        names = await reader.scalars(select(tables.Effect.name).order_by(tables.Effect.id))
    assert names.all() == ["kept 0", "kept 1", "kept 2"]


async def test_every_statement_is_counted_once_however_it_is_sent(database, tables):
    def sent():
        return db.statements_total._value.get()

    before = sent()
    async with database.readers() as reader:
        await reader.execute(text("select 1"))
    assert sent() - before == 1
    async with database.sessions.begin() as session:
        await session.execute(text("select 1"))
        await session.execute(insert(tables.Effect), [{"name": "a"}, {"name": "b"}])
        session.add(tables.Effect(name="c"))
    assert sent() - before == 4


@contextmanager
def frozen(backend):
    os.kill(backend, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(backend, signal.SIGCONT)


@pytest.mark.parametrize("way", ["readers", "sessions"])
async def test_a_frozen_server_holds_nobody_for_ever(postgres, monkeypatch, way):
    monkeypatch.setitem(vars(db), "COMMAND_TIMEOUT_SECONDS", 0.5)
    url = postgres.create_service_database("menus")
    backend = text("select pg_backend_pid()")
    async with asyncio.timeout(20), db.connect(url, pool_size=1) as database:
        async with database.readers() as reader:
            old = await reader.scalar(backend)
        began = time.monotonic()
        with frozen(old), pytest.raises(TimeoutError) as caught:
            async with getattr(database, way)() as session:
                await session.execute(text("select 1"))
        assert time.monotonic() - began < 5
        assert db.is_unavailable(caught.value)
        async with database.readers() as reader:
            assert await reader.scalar(backend) != old


@pytest.mark.parametrize("way", ["readers", "sessions"])
async def test_a_server_that_was_away_is_asked_again_without_a_failure(postgres, way):
    url = postgres.create_service_database("menus")
    async with asyncio.timeout(20), db.connect(url, pool_size=3) as database:

        async def ask():
            async with getattr(database, way)() as session:
                return await session.scalar(text("select pg_backend_pid() from pg_sleep(0.1)"))

        before = set(await asyncio.gather(ask(), ask(), ask()))
        for backend in before:
            os.kill(backend, signal.SIGTERM)
        await asyncio.sleep(0.5)
        assert before.isdisjoint(await asyncio.gather(ask(), ask(), ask()))


async def test_whoever_loses_in_a_deadlock_may_come_again(database, tables):
    """The server undoes one of the two; it is asked anew like one that was away."""
    both_hold_one = asyncio.Barrier(2)

    async def lock(first, second):
        async with database.sessions.begin() as session:
            await session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": first})
            await both_hold_one.wait()
            await session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": second})

    async with asyncio.timeout(20):
        outcomes = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)
    (lost,) = [outcome for outcome in outcomes if outcome is not None]
    assert db.sqlstate(lost) == db.DEADLOCK
    assert db.is_unavailable(lost)
    assert not is_away(lost)


async def test_listening_is_no_command_that_could_take_too_long(postgres, monkeypatch):
    monkeypatch.setitem(vars(db), "COMMAND_TIMEOUT_SECONDS", 0.3)
    heard = asyncio.Event()
    url = postgres.create_service_database("menus")
    async with (
        asyncio.timeout(20),
        db.connect(url) as database,
        database.engine.connect() as connection,
        database.readers() as reader,
    ):
        driver = (await connection.get_raw_connection()).driver_connection
        await driver.add_listener("news", lambda *_: heard.set())
        await connection.commit()
        await asyncio.sleep(0.6)
        await reader.execute(text("notify news"))
        await heard.wait()
        await connection.invalidate()
