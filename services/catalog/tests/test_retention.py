"""What is not kept for ever: answers of sources, and works that nobody uses."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import insert, text
from uuid_utils.compat import uuid7

from catalog.models import MediaItem, MediaSource
from catalog.retention.service import Retention
from common.db import now
from tastebuds.catalog.v1.media_service_pb2 import CreateManualMediaRequest

from .works import DUNE, book, upsert

KEPT = Retention(raw_payloads=timedelta(days=90), unused_works=timedelta(days=30))
FOR_EVER = Retention(raw_payloads=None, unused_works=None)
LONG_AGO = now() - timedelta(days=31)


@pytest.fixture
def run(database):
    """`await run("insert …", name=value)`."""

    async def execute(statement, **values):
        async with database.sessions.begin() as session:
            await session.execute(text(statement), values)

    return execute


@pytest.fixture
def strip(database):
    async def sweep(limit=10, kept=KEPT):
        async with database.sessions.begin() as session:
            return await kept.sweep_raw_payloads(session, limit)

    return sweep


@pytest.fixture
def tidy(database):
    """`await tidy(limit)`: how many works were deleted, and whether there are more to look at."""

    async def sweep(limit=10, kept=KEPT):
        async with database.sessions.begin() as session:
            return tuple(await kept.sweep_unused_works(session, limit))

    return sweep


@pytest.fixture
def add_old(database):
    """`await add_old("Tidewatch")`: the id of a work that was made long ago."""

    async def add(title="Tidewatch", at=LONG_AGO, **columns):
        work = UUID(int=int(at.timestamp() * 1000) << 80 | uuid7().int & (1 << 80) - 1)
        values = {
            "id": work,
            "media_type": "book",
            "title": title,
            "creators": [],
            "popularity": 0.0,
            "version": 1,
            "created_at": at,
            "updated_at": at,
        } | columns
        async with database.sessions.begin() as session:
            await session.execute(insert(MediaItem).values(values))
        return work

    return add


@pytest.fixture
def add_source(database):
    async def add(work, **columns):
        values = {
            "id": uuid4(),
            "media_item_id": work,
            "source_name": "tmdb",
            "external_id": str(uuid4()),
            "raw_payload": b"{}",
            "raw_payload_bytes": 2,
            "created_by": None,
            "fetched_at": now(),
        } | columns
        async with database.sessions.begin() as session:
            await session.execute(insert(MediaSource).values(values))

    return add


@pytest.fixture
def left(sql):
    async def read():
        return {row.id for row in await sql("select id from catalog.media_items")}

    return read


async def test_old_answers_give_way_to_a_marker(ingest, run, strip, sql):
    for name in ("old", "older", "young"):
        await ingest.UpsertMedia(upsert(book(name), name))
    fetched = "update catalog.media_sources set fetched_at = :at where external_id = :name"
    await run(fetched, at=now() - timedelta(days=91), name="old")
    await run(fetched, at=now() - timedelta(days=200), name="older")
    await run(fetched, at=now() - timedelta(days=89), name="young")
    assert await strip(kept=FOR_EVER) == 0
    assert await strip(1) == 1
    asked = "select external_id, raw_payload, raw_payload_bytes from catalog.media_sources"
    payloads = {row.external_id: row.raw_payload for row in await sql(asked)}
    assert b"redacted" in payloads["older"]
    assert b"redacted" not in payloads["old"]
    assert await strip() == 1
    assert await strip() == 0
    rows = {row.external_id: row for row in await sql(asked)}
    assert rows["young"].raw_payload == b'{"as": "it came"}'
    assert rows["old"].raw_payload_bytes == len(b'{"as": "it came"}')
    marker = orjson.loads(rows["old"].raw_payload)
    assert marker.pop("stripped_at").startswith(f"{now():%Y-%m-}")
    assert marker == {"redacted": True, "reason": "retention_expired", "retention_days": 90}


async def test_an_answer_that_is_asked_for_again_is_kept_again(ingest, run, strip, sql):
    await ingest.UpsertMedia(upsert(DUNE))
    await run("update catalog.media_sources set fetched_at = now() - interval '100 days'")
    assert await strip() == 1
    await ingest.UpsertMedia(upsert(DUNE, refresh=True))
    assert await strip() == 0
    ((payload,),) = await sql("select raw_payload from catalog.media_sources")
    assert payload == b'{"as": "it came"}'
    await run(
        """update catalog.media_sources set fetched_at = now() - interval '91 days',
             payload_stripped_at = now() - interval '300 days'"""
    )
    assert await strip() == 1


async def test_old_works_that_nobody_uses_are_deleted(add_old, add_source, tidy, left):
    unused, typed_in = await add_old(), await add_old()
    young = await add_old(at=now() - timedelta(days=29))
    await add_source(unused, created_by=uuid4())
    await add_source(typed_in, source_name="manual", created_by=uuid4())
    await add_source(await add_old(), source_name="manual")
    assert await tidy(kept=FOR_EVER) == (0, False)
    assert await tidy() == (2, False)
    assert await left() == {typed_in, young}


async def test_whatever_anybody_uses_stays(add_old, run, tidy, left, people, gateway):
    user_id, menu_id, tag_id = uuid4(), uuid4(), uuid4()
    works = {what: await add_old() for what in ("state", "log", "tag", "menu", "survivor", "own")}
    absorbed = await add_old(merged_into=works["survivor"])
    await run(
        """insert into catalog.user_states
             (id, user_id, media_item_id, status, favorite, updated_at)
           values (:id, :user_id, :work, 'consumed', false, now())""",
        id=uuid4(),
        user_id=user_id,
        work=works["state"],
    )
    await run(
        """insert into catalog.user_logs
             (id, user_id, media_item_id, log_type, logged_at, created_at, updated_at)
           values (:id, :user_id, :work, 'note', now(), now(), now())""",
        id=uuid4(),
        user_id=user_id,
        work=works["log"],
    )
    await run(
        "insert into catalog.tags (id, name, created_at) values (:id, 'sea', now())", id=tag_id
    )
    await run(
        "insert into catalog.media_item_tags (media_item_id, tag_id) values (:work, :tag)",
        work=works["tag"],
        tag=tag_id,
    )
    await run(
        """insert into catalog.menu_copies
             (menu_id, owner_id, revision, is_public, slug, title, course_count, changed_at)
           values (:id, :owner_id, 1, false, '', '', 0, now())""",
        id=menu_id,
        owner_id=user_id,
    )
    await run(
        """insert into catalog.menu_placements (menu_id, media_item_id, count)
           values (:menu_id, :work, 1)""",
        menu_id=menu_id,
        work=works["menu"],
    )
    await run(
        """insert into catalog.overrides (id, media_item_id, field, user_id, value, set_at)
           values (:id, :work, 'title', :user_id, 'Ebb', now())""",
        id=uuid4(),
        work=works["own"],
        user_id=user_id,
    )
    request = CreateManualMediaRequest(item=DUNE)
    reply = await gateway.CreateManualMedia(request, metadata=people.metadata(user_id))
    assert await tidy() == (0, False)
    assert await left() == {*works.values(), absorbed, UUID(reply.item.id)}


async def test_it_goes_through_all_works_a_part_at_a_time(add_old, add_source, tidy, left, sql):
    used = []
    for number in range(6):
        work = await add_old(at=LONG_AGO + timedelta(seconds=number))
        if number % 2:
            await add_source(work, source_name="manual", created_by=uuid4())
            used.append(work)
    assert [await tidy(4), await tidy(4)] == [(2, True), (1, False)]
    assert await left() == set(used)
    assert await sql("select after_id from catalog.sweep_marks") == [(None,)]
    assert [await tidy(3), await tidy(3)] == [(0, True), (0, False)]


@asynccontextmanager
async def begun(database, statement, **values):
    """A transaction of somebody else that has done this."""
    async with database.sessions.begin() as session:
        await session.execute(text(statement), values)
        yield


async def test_a_work_that_is_being_used_just_now_stays(add_old, tidy, left, database):
    work = await add_old()
    statement = """insert into catalog.user_states
         (id, user_id, media_item_id, status, favorite, updated_at)
       values (:id, :id, :work, 'consumed', false, now())"""
    async with begun(database, statement, id=uuid4(), work=work):
        assert await asyncio.wait_for(tidy(), 5) == (0, False)
    assert await tidy() == (0, False)
    assert await left() == {work}
