"""Run one service's Alembic migrations; its env.py is a call of this."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

LOCK_TIMEOUT = "5s"


def run(metadata: MetaData, url_variable: str) -> None:
    """Migrate the schema of `metadata` in the database that the environment variable names."""
    url = os.environ.get(url_variable)
    if not url:
        raise SystemExit(f"{url_variable} is not set: migrations need to know the database.")
    asyncio.run(_migrate(metadata, url))


async def _migrate(metadata: MetaData, url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run, metadata)
        await connection.commit()
    await engine.dispose()


def _run(connection: Connection, metadata: MetaData) -> None:
    # Two migrators at once follow one another instead of tripping over each other.
    connection.execute(
        text("select pg_advisory_lock(hashtext(:name))"),
        {"name": f"migrate {metadata.schema}"},
    )
    connection.execute(text(f"set lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=metadata.schema,
        include_schemas=False,
        compare_type=True,
        # What one has locked does not wait for the next: others read and write meanwhile.
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
