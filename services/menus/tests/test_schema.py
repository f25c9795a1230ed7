from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

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

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
