from ingest.models import Base


async def test_models_and_migrations_agree(shared_database, schema_difference):
    assert await schema_difference(shared_database, Base.metadata) == []
