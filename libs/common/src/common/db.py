"""The database, named once so that services need not import SQLAlchemy to pass it on."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from asyncpg import PostgresError
from prometheus_client import Counter
from sqlalchemy import MetaData, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from uuid_utils.compat import uuid7

from common import dead_connections
from common.process import until_it_answers
from common.settings import DataServiceSettings

Session = AsyncSession
# Where a statement on columns may run: a reader, or a transaction as well.
Reader = AsyncConnection | AsyncSession
Sessions = async_sessionmaker[AsyncSession]

# Constraint names are part of the schema: migrations and error handling refer to them.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
STATEMENT_TIMEOUT_MS = 15_000
# A server that is frozen does not look at its clock: then this side's decides.
COMMAND_TIMEOUT_SECONDS = STATEMENT_TIMEOUT_MS / 1000 + 3
CONNECT_TIMEOUT_SECONDS = 5
POOL_TIMEOUT_SECONDS = 5
QUERY_CANCELED, DEADLOCK = "57014", "40P01"
# PostgreSQL error codes, appendix A: connection exceptions, insufficient resources (a full disk is
# one), a transaction lost to another one (a deadlock is one), a statement cancelled by timeout, the
# server going down or coming up, and system errors.
UNAVAILABLE_SQLSTATES = ("08", "40", "53", QUERY_CANCELED, "57P01", "57P02", "57P03", "58")
# What a statement, a commit or a connection attempt may raise; see is_unavailable.
ERRORS = (DBAPIError, PoolTimeoutError, PostgresError, OSError, TimeoutError)

statements_total = Counter("sql_statements", "SQL statements sent, without BEGIN and COMMIT.")


@dataclass(frozen=True, slots=True)
class Database:
    """One pool of connections, entered in two ways.

    `sessions.begin()` is one transaction, committed at the end. `readers()` sends each statement on
    its own: for reads of one statement, of columns and not of entities. It saves the round trips of
    BEGIN and COMMIT and a third of the time in here: there is no session, and connections wait in
    autocommit, while a transaction sets its isolation level and puts it back.
    """

    engine: AsyncEngine
    sessions: Sessions
    readers: Callable[[], AsyncConnection]

    async def ping(self) -> None:
        async with self.readers() as reader:
            await reader.execute(text("select 1"))


@asynccontextmanager
async def connect(url: str, pool_size: int = 10) -> AsyncIterator[Database]:
    autocommit = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        # An error's words end up in logs, traces and dead letters; what was sent may be a secret.
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=1,  # the relay keeps one for itself
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_use_lifo=True,  # few connections stay warm rather than all of them cool
        connect_args={
            "timeout": CONNECT_TIMEOUT_SECONDS,
            "command_timeout": COMMAND_TIMEOUT_SECONDS,
            "server_settings": {
                "statement_timeout": str(STATEMENT_TIMEOUT_MS),
                "idle_in_transaction_session_timeout": str(STATEMENT_TIMEOUT_MS),
                "jit": "off",  # every statement here is short
            },
        },
    )
    # At the dialect: events of the engine would be joined anew for every connection taken.
    for what in ("do_execute", "do_executemany"):
        event.listen(autocommit.sync_engine, what, _count_statement)
    dead_connections.leave_alone(autocommit.sync_engine)
    engine = autocommit.execution_options(isolation_level="READ COMMITTED")
    try:
        yield Database(
            engine, async_sessionmaker(engine, expire_on_commit=False), autocommit.connect
        )
    finally:
        await autocommit.dispose()


@asynccontextmanager
async def connect_when_ready(settings: DataServiceSettings) -> AsyncIterator[Database]:
    """The service's database, once it answers."""
    async with connect(settings.database_url, settings.database_pool_size) as database:
        await until_it_answers("Postgres", database.ping, is_unavailable)
        yield database


def _count_statement(*_: object) -> None:
    statements_total.inc()


def is_unavailable(error: BaseException) -> bool:
    """Whether a database error means that the server is away, rather than that we are wrong."""
    is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
    is_unanswered = isinstance(error, (OSError, TimeoutError, PoolTimeoutError))
    return is_lost or is_unanswered or sqlstate(error).startswith(UNAVAILABLE_SQLSTATES)


def sqlstate(error: BaseException) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error  # asyncpg's, while connecting
    return str(getattr(cause, "sqlstate", None) or "")


def schema(name: str) -> MetaData:
    """The metadata of one context's own schema."""
    return MetaData(schema=name, naming_convention=NAMING_CONVENTION)


def new_id() -> UUID:
    """UUIDv7 (RFC 9562): new rows land at the end of the index."""
    return uuid7()


def now() -> datetime:
    return datetime.now(UTC)
