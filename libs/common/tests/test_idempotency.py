"""A write that is sent twice is done once, and answered twice."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from common.idempotency import IdempotencyKeyReused, Once
from tastebuds.menus.v1.menu_service_pb2 import CreateMenuRequest, GetMenuRequest


async def write(database, tables, once, name):
    async with database.sessions.begin() as session:

        async def keep():
            session.add(tables.Effect(name=name))
            return GetMenuRequest(menu_id=name)

        reply = await once.run(session, tables.Idempotency, keep, GetMenuRequest)
    return reply.menu_id


async def count(database, tables):
    async with database.readers() as session:
        return await session.scalar(select(func.count()).select_from(tables.Effect))


@pytest.fixture
def once():
    return Once(uuid4(), "key", CreateMenuRequest(title="Rain"))


async def test_the_second_call_gets_the_first_answer(database, tables, once):
    assert await write(database, tables, once, "first") == "first"
    assert await write(database, tables, once, "second") == "first"
    assert await count(database, tables) == 1


async def test_parallel_calls_write_once(database, tables, once):
    replies = await asyncio.gather(*(write(database, tables, once, str(n)) for n in range(8)))
    assert len(set(replies)) == 1
    assert await count(database, tables) == 1


async def test_without_a_key_every_call_writes(database, tables):
    once = Once(uuid4(), "", CreateMenuRequest(title="Rain"))
    await write(database, tables, once, "first")
    await write(database, tables, once, "second")
    assert await count(database, tables) == 2


async def test_a_key_of_another_request_is_refused(database, tables, once):
    await write(database, tables, once, "first")
    other = Once(once.user_id, once.key, CreateMenuRequest(title="Sun"))
    with pytest.raises(IdempotencyKeyReused):
        await write(database, tables, other, "second")


async def test_keys_of_two_people_have_nothing_to_do_with_each_other(database, tables, once):
    await write(database, tables, once, "first")
    other = Once(uuid4(), once.key, once.request)
    assert await write(database, tables, other, "second") == "second"


async def test_a_failed_write_leaves_the_key_free(database, tables, once):
    async def fail():
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        async with database.sessions.begin() as session:
            await once.run(session, tables.Idempotency, fail, GetMenuRequest)
    assert await write(database, tables, once, "first") == "first"
