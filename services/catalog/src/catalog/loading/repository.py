"""The indexes of search while many works are written, and the statistics afterwards."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import Index, bindparam, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex

from catalog.models import Base, ItemSearch
from common.db import Database, Session

# The words of a million works are indexed in half a minute on a small machine.
PATIENCE_SECONDS = 1800

_NAME = "catalog loading"
_HOLD = text("select pg_try_advisory_lock(hashtext(:name))").bindparams(name=_NAME)
_LET_GO = text("select pg_advisory_unlock(hashtext(:name))").bindparams(name=_NAME)
_TRY = text("select pg_try_advisory_xact_lock(hashtext(:name))").bindparams(name=_NAME)
_SIZE = text("select reltuples from pg_class where oid = cast(:name as regclass)").bindparams(
    name=ItemSearch.__table__.fullname
)
_PRESENT = text(
    "select indexname from pg_indexes where schemaname = 'catalog' and tablename = :name"
).bindparams(bindparam("name", ItemSearch.__tablename__))


@asynccontextmanager
async def sole_loader(database: Database) -> AsyncIterator[bool]:
    """Whether nobody else loads; if so, nobody does until this ends."""
    async with database.readers() as connection:
        held = bool(await connection.scalar(_HOLD))
        try:
            yield held
        finally:
            if held:
                await connection.execute(_LET_GO)


async def try_alone(session: Session) -> bool:
    """Whether nobody loads; if so, nobody does until the transaction ends."""
    return bool(await session.scalar(_TRY))


async def searchable(database: Database) -> int:
    """How many works search knows, by the planner's statistics; 0 when there are none yet."""
    async with database.readers() as connection:
        return max(0, int(await connection.scalar(_SIZE) or 0))


async def drop_indexes(session: Session) -> None:
    """All that search has but the key. Whoever reads or writes there is waited for, not long."""
    await session.execute(text("set local lock_timeout = '10s'"))
    for index in _indexes():
        await session.execute(text(f"drop index if exists catalog.{index.name}"))


async def missing_indexes(session: Session) -> Sequence[Index]:
    present = set(await session.scalars(_PRESENT))
    return [index for index in _indexes() if index.name not in present]


async def build_index(session: Session, index: Index) -> None:
    """Search can be read meanwhile, but not written."""
    await session.execute(text("set local statement_timeout = 0"))
    await session.execute(text("set local maintenance_work_mem = '256MB'"))
    await _send(await session.connection(), _ddl(index))


async def tidy(database: Database) -> None:
    """What the planner wants to know of new rows, and what reads of indexes alone need."""
    async with database.readers() as connection:
        await connection.execute(text("set statement_timeout = 0"))
        try:
            for table in Base.metadata.sorted_tables:
                await _send(connection, f"vacuum (analyze) {table.fullname}")
        finally:
            await connection.execute(text("reset statement_timeout"))


async def _send(connection: AsyncConnection, statement: str) -> None:
    """By the driver, which can be told to wait longer than for any other statement."""
    raw = await connection.get_raw_connection()
    driver = raw.dbapi_connection.driver_connection if raw.dbapi_connection else None
    if driver is not None:
        await driver.execute(statement, timeout=PATIENCE_SECONDS)


def _indexes() -> Sequence[Index]:
    return sorted(ItemSearch.metadata.tables["catalog.item_search"].indexes, key=_name)


def _name(index: Index) -> str:
    return str(index.name)


def _ddl(index: Index) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect))
