"""What the services find in Postgres before their migrations: database, roles, schemas."""

import asyncio
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import SplitResult, quote, unquote, urlsplit

import asyncpg

from stack.errors import StackError

DATABASE = "tastebuds"
# In the schema public; the last one is only for watching and a managed server may refuse it.
EXTENSIONS = ("unaccent", "pg_trgm", "fuzzystrmatch")
OPTIONAL_EXTENSION = "pg_stat_statements"

Answer = TypeVar("Answer")


def run_apart(work: Coroutine[None, None, Answer]) -> Answer:
    """Run a coroutine to its end, also below a loop that runs already (pytest-asyncio)."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def connect_when_ready(url: str, timeout_seconds: float) -> asyncpg.Connection:
    """Wait for a server that is starting; a server that says no is not waited for."""
    give_up = time.monotonic() + timeout_seconds
    while True:
        try:
            return await asyncpg.connect(url, timeout=5)
        except (
            asyncpg.InvalidPasswordError,
            asyncpg.InvalidAuthorizationSpecificationError,
            asyncpg.InvalidCatalogNameError,
        ) as error:
            raise StackError(f"Postgres at {place(url)} refuses us: {error}") from error
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if time.monotonic() > give_up:
                raise StackError(f"Postgres at {place(url)} does not answer: {error}") from error
        await asyncio.sleep(0.05)


async def prepare_database(
    admin_url: str, database: str, passwords: Mapping[str, str], timeout_seconds: float
) -> None:
    """Make what is missing of the database and, for each service, its role and schema."""
    server = await connect_when_ready(admin_url, timeout_seconds)
    try:
        known = await server.fetchval("select 1 from pg_database where datname = $1", database)
        if not known:
            await server.execute(
                f"create database {quoted(database)} encoding 'UTF8' template template0"
            )
        for name, password in passwords.items():
            await ensure_role(server, name, password)
    finally:
        await server.close()
    inside = await connect_when_ready(in_database(admin_url, database), timeout_seconds)
    try:
        await create_extensions(inside)
        for name in passwords:
            await ensure_schema(inside, name, database)
    finally:
        await inside.close()


async def ensure_role(server: asyncpg.Connection, name: str, password: str) -> None:
    """The role may log in and nothing more: it makes no roles, no databases."""
    known = await server.fetchval("select 1 from pg_roles where rolname = $1", name)
    verb = "alter" if known else "create"
    literal = "'" + password.replace("'", "''") + "'"
    await server.execute(f"{verb} role {quoted(name)} login password {literal}")


async def create_extensions(inside: asyncpg.Connection) -> None:
    for extension in EXTENSIONS:
        await inside.execute(f"create extension if not exists {extension} schema public")
    try:
        await inside.execute(f"create extension if not exists {OPTIONAL_EXTENSION} schema public")
    except (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedFileError):
        return


async def ensure_schema(inside: asyncpg.Connection, name: str, database: str) -> None:
    """A schema that only its own role may use; a managed server's admin is no superuser."""
    role, base = quoted(name), quoted(database)
    await inside.execute(
        f"""
        revoke all on database {base} from public;
        grant connect, temporary on database {base} to {role};
        do $$ begin
          if not (select rolsuper from pg_roles where rolname = current_user) then
            grant {role} to current_user;
          end if;
        end $$;
        create schema if not exists {role} authorization {role};
        alter role {role} in database {base} set search_path = {role}, public;
        """  # noqa: S608 - both are quoted identifiers
    )


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def in_database(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{quote(database)}").geturl()


def service_url(admin_url: str, name: str, password: str, database: str) -> str:
    """Return the address for SQLAlchemy, whose asyncpg dialect calls sslmode `ssl`."""
    parts = urlsplit(admin_url)
    place_only = parts.netloc.rpartition("@")[2]
    query = parts.query.replace("sslmode=", "ssl=")
    return SplitResult(
        "postgresql+asyncpg",
        f"{name}:{quote(password, safe='')}@{place_only}",
        f"/{quote(database)}",
        query,
        "",
    ).geturl()


def database_of(url: str) -> str:
    return unquote(urlsplit(url).path.strip("/"))


def place(url: str) -> str:
    """Return host and port without the password, for messages."""
    return urlsplit(url).netloc.rpartition("@")[2]
