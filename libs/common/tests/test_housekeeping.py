"""What is over does not pile up, and what is not stays."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from common import idempotency, inbox
from common.db import now
from common.housekeeping import housekeeping
from common.mending import DeadLetters


@pytest.fixture
def kinds(tables):
    """Each table that is swept: its age limit, and a row of a given time."""

    def message(at):
        return tables.Inbox(message_id=uuid4(), received_at=at)

    def key(at):
        return tables.Idempotency(user_id=uuid4(), key="k", request_hash=b"", created_at=at)

    return {tables.Inbox: (inbox.KEPT, message), tables.Idempotency: (idempotency.KEPT, key)}


@pytest.fixture
def swept(database, tables, jetstream):
    """`await swept("inbox")`: run that sweep once; returns how many it dealt with."""

    async def sweep(name, limit=1000, kept=timedelta(days=1)):
        every = housekeeping(tables.all, DeadLetters(jetstream, "menus"), kept)
        [chosen] = [each for each in every if each.name == name]
        async with database.sessions.begin() as session:
            return await chosen.run(session, limit)

    return sweep


async def rows(database, table):
    async with database.readers() as reader:
        return await reader.scalar(select(func.count()).select_from(table))


async def test_only_what_is_old_enough_goes(database, kinds):
    for table, (kept, make) in kinds.items():
        async with database.sessions.begin() as session:
            session.add_all([make(now() - kept - timedelta(minutes=1)), make(now() - kept / 2)])
        async with database.sessions.begin() as session:
            assert await table.sweep(session, 10) == 1
        assert await rows(database, table) == 1


async def test_a_batch_is_bounded_and_leaves_what_others_hold(database, kinds):
    (table, (kept, make)), *_ = kinds.items()
    async with database.sessions.begin() as session:
        session.add_all(make(now() - 2 * kept) for _ in range(5))
    async with database.sessions.begin() as holder, database.sessions.begin() as session:
        await holder.scalars(select(table).limit(2).with_for_update())
        assert await table.sweep(session, 2) == 2
        assert await table.sweep(session, 2) == 1
    assert await rows(database, table) == 2


async def test_messages_that_wait_long_are_counted_and_stay(database, tables, swept):
    old = now() - timedelta(hours=2)
    async with database.sessions.begin() as session:
        for at in (old, old, now()):
            session.add(tables.Outbox(subject="s", payload=b"", headers={}, created_at=at))
    assert await swept("outbox") == 2
    assert await swept("outbox", limit=2) == 1
    assert await rows(database, tables.Outbox) == 3


async def test_dead_letters_go_after_their_time(jetstream, swept):
    for subject in ("dlq.menus.waiting.menus", "dlq.menus.discarded.menus-sweeps"):
        await jetstream.publish(subject, b"")
    assert await swept("dead_letters") == 0
    assert await swept("dead_letters", kept=timedelta(0)) == 2
    found = await jetstream.stream_info("DLQ")
    assert found.state.messages == 0
