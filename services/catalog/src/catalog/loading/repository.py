"""The indexes of search while many works are written, and the statistics afterwards."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from sqlalchemy import ARRAY, Index, Table, Text, bindparam, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex

from catalog.models import Base, ItemSearch, SearchTerm
from common.db import Database, Reader, Session, sqlstate

# The words of a million works are indexed in half a minute on a small machine.
PATIENCE_SECONDS = 1800

_SEARCHED: Sequence[Table] = (
    cast("Table", ItemSearch.__table__),
    cast("Table", SearchTerm.__table__),
)
# Those of search first, which are the large ones.
TABLES = tuple(
    table.fullname
    for table in sorted(Base.metadata.sorted_tables, key=lambda table: table not in _SEARCHED)
)
_INDEXES = {
    str(index.name): index
    for table in _SEARCHED
    # Those of all words first, which are the large ones.
    for index in sorted(table.indexes, key=lambda index: index.kwargs["postgresql_using"] != "gin")
}
_LOCK = text(f"lock table {', '.join(table.fullname for table in _SEARCHED)}")
_LOCK_NOT_AVAILABLE = "55P03"
_NAME = "catalog loading"
_HOLD = text("select pg_try_advisory_lock(hashtext(:name))").bindparams(name=_NAME)
_LET_GO = text("select pg_advisory_unlock(hashtext(:name))").bindparams(name=_NAME)
_IS_HELD = text(
    """
    select exists (
        select from pg_locks
        where locktype = 'advisory' and objsubid = 1
        and database = (select oid from pg_database where datname = current_database())
        and (classid::bigint << 32 | objid::bigint) = hashtext(:name)
    )
    """
).bindparams(name=_NAME)
_SIZE = text("select reltuples from pg_class where oid = cast(:name as regclass)").bindparams(
    name=_SEARCHED[0].fullname
)
_PRESENT = text(
    "select indexname from pg_indexes where schemaname = 'catalog' and tablename = any(:names)"
).bindparams(bindparam("names", [table.name for table in _SEARCHED], ARRAY(Text)))


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


async def is_someone_loading(session: Session) -> bool:
    """It only looks, so that nobody who would load just then is turned away."""
    return bool(await session.scalar(_IS_HELD))


async def searchable(database: Database) -> int:
    """How many works search knows, by the planner's statistics; 0 when there are none yet."""
    async with database.readers() as connection:
        return max(0, int(await connection.scalar(_SIZE) or 0))


async def drop_indexes(database: Database) -> bool:
    """All that search has but the keys; False, and nothing done, while others are at work there.

    It waits for less than the second after which Postgres looks for someone to be sacrificed.
    """
    try:
        async with database.sessions.begin() as session:
            await session.execute(text("set local lock_timeout = '800ms'"))
            await session.execute(_LOCK)
            for name in _INDEXES:
                await session.execute(text(f"drop index if exists catalog.{name}"))
    except DBAPIError as error:
        if sqlstate(error) != _LOCK_NOT_AVAILABLE:
            raise
        return False
    return True


async def missing_indexes(session: Reader) -> Sequence[str]:
    """Their names, the one that takes longest first."""
    present = set(await session.scalars(_PRESENT))
    return [name for name in _INDEXES if name not in present]


async def build_index(session: Session, name: str) -> None:
    """Search can be read meanwhile, but not written."""
    await session.execute(text("set local statement_timeout = 0"))
    await session.execute(text("set local maintenance_work_mem = '256MB'"))
    await _send(await session.connection(), _ddl(_INDEXES[name]))


async def analyze(session: Session, table: str) -> None:
    """What the planner wants to know of new rows; it is also what search estimates totals from."""
    await session.execute(text("set local statement_timeout = 0"))
    await _send(await session.connection(), f"analyze {table}")


async def _send(connection: AsyncConnection, statement: str) -> None:
    """By the driver, which can be told to wait longer than for any other statement."""
    raw = await connection.get_raw_connection()
    driver = cast("Any", raw.driver_connection)
    await driver.execute(statement, timeout=PATIENCE_SECONDS)


def _ddl(index: Index) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect))
