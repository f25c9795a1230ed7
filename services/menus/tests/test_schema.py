from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

from menus.models import Base


async def test_models_and_migrations_agree(database):
    def differences(connection):
        options = {
            "include_schemas": True,
            "compare_type": True,
            "version_table_schema": "menus",
            "include_name": lambda name, kind, _: kind != "schema" or name == "menus",
        }
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, Base.metadata)

    # The role's own search path makes "menus" the nameless schema, which compares as another.
    elsewhere = {"server_settings": {"search_path": "public"}}
    engine = create_async_engine(
        database.engine.url, poolclass=pool.NullPool, connect_args=elsewhere
    )
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
