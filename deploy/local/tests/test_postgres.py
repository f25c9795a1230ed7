import asyncpg
import pytest

from stack.cluster import check_cluster
from stack.errors import StackError
from stack.postgres import TemporaryPostgres


@pytest.fixture(scope="module")
def server():
    with TemporaryPostgres() as running:
        yield running


def plain(url):
    return url.replace("+asyncpg", "")


async def test_a_service_owns_its_schema_and_finds_the_extensions(server):
    connection = await asyncpg.connect(plain(server.create_service_database("catalog")))
    try:
        await connection.execute("create table items (title text)")
        await connection.execute("create index on items using gin (title gin_trgm_ops)")
        where = "select schemaname from pg_tables where tablename = 'items'"
        assert await connection.fetchval(where) == "catalog"
        assert await connection.fetchval("select unaccent('Amélie')") == "Amelie"
        assert await connection.fetchval("select count(*) from pg_stat_statements") > 0
        # A dash is no letter (it is one in a C locale), an accent is.
        words = await connection.fetchval("select to_tsvector('simple', 'sea—sky été')::text")
        assert words == "'sea':1 'sky':2 'été':3"
    finally:
        await connection.close()


async def test_databases_are_fresh_and_closed_to_other_services(server):
    first, second = (server.create_service_database("menus") for _ in range(2))
    assert first != second
    server.create_service_database("auth")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(plain(first).replace("menus:", "auth:", 1))
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(plain(first).replace("menus:", "menus:wrong", 1))


def test_data_of_another_major_version_are_refused(tmp_path):
    (tmp_path / "PG_VERSION").write_text("12\n")
    with pytest.raises(StackError, match="Postgres 12, this is Postgres"):
        check_cluster(tmp_path)
