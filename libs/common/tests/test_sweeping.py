"""What is over does not pile up, and what is not stays."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from common import idempotency, inbox
from common.db import now
from common.sweeping import Sweeper


@pytest.fixture
def kinds(tables):
    """Each table that is swept: its age limit, and a row of a given time."""

    def message(at):
        return tables.Inbox(message_id=uuid4(), received_at=at)

    def key(at):
        return tables.Idempotency(user_id=uuid4(), key="k", request_hash=b"", created_at=at)

    return {tables.Inbox: (inbox.KEPT, message), tables.Idempotency: (idempotency.KEPT, key)}


async def rows(database, table):
    async with database.readers() as reader:
        return await reader.scalar(select(func.count()).select_from(table))


async def has_rows(database, table, count):
    return await rows(database, table) == count


async def test_only_what_is_old_enough_goes(database, kinds):
    for table, (kept, make) in kinds.items():
        async with database.sessions.begin() as session:
            session.add_all([make(now() - kept - timedelta(minutes=1)), make(now() - kept / 2)])
        async with database.sessions.begin() as session:
            assert not await table.sweep(session)
        assert await rows(database, table) == 1


async def test_a_sweeper_goes_on_until_nothing_is_left(database, kinds, running, eventually):
    (table, (kept, make)), *_ = kinds.items()
    async with database.sessions.begin() as session:
        session.add_all(make(now() - 2 * kept) for _ in range(inbox.SWEPT_AT_ONCE + 1))
    async with running(Sweeper(database, table.sweep).run):
        await eventually(partial(has_rows, database, table, 0))
