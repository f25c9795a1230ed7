"""A real auth server: gRPC with mutual TLS, on real Postgres, with cheap argon2."""

from dataclasses import replace
from functools import partial

import pytest
from google.protobuf import symbol_database
from sqlalchemy import select, text

from auth.models import Outbox
from common import db
from common.db import statements_total

from . import replica
from .replica import LIMITS


@pytest.fixture(scope="session")
async def database(migrated):
    async with db.connect(migrated("auth")) as connected:
        yield connected


@pytest.fixture(scope="session")
def start_auth(database, certificates):
    """`async with start_auth(limits=…, lifetimes=…, hashing=…) as auth`: one more replica."""
    return partial(replica.start, database, certificates)


@pytest.fixture(scope="session")
async def auth(start_auth):
    async with start_auth() as running:
        yield running


@pytest.fixture(autouse=True)
async def _clean(database):
    yield
    async with database.sessions.begin() as session:
        for table in ("users", "audit_log", "login_throttle", "outbox"):
            await session.execute(text(f"delete from auth.{table}"))  # noqa: S608


@pytest.fixture
def said(database):
    """`await said()`: the events waiting in the outbox, oldest first."""

    async def read():
        async with database.sessions() as session:
            rows = (await session.scalars(select(Outbox).order_by(Outbox.id))).all()
        kinds = symbol_database.Default()
        return [kinds.GetSymbol(row.subject).FromString(row.payload) for row in rows]

    return read


@pytest.fixture
def execute(database):
    """Raw SQL, to move time or look at what is stored."""

    async def run(statement, **values):
        async with database.sessions.begin() as session:
            result = await session.execute(text(statement), values)
            return result.all() if result.returns_rows else []

    return run


@pytest.fixture
def statements():
    """`statements()`: how many SQL statements were sent since the last call."""
    last = statements_total._value.get()

    def since():
        nonlocal last
        before, last = last, statements_total._value.get()
        return int(last - before)

    return since


@pytest.fixture
def with_limits():
    return lambda **changes: replace(LIMITS, **changes)
