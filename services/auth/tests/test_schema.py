from auth.models import Base


async def test_models_and_migrations_agree(database, schema_difference):
    assert await schema_difference(database, Base.metadata) == []
