import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import grpc
import pytest

from catalog.library import service
from catalog.models import LibraryChange
from tastebuds.catalog.v1 import library_service_pb2 as pb

from .library_desk import (
    CONSUMED,
    CONSUMING,
    DROPPED,
    FINISHED,
    NOTE,
    PAUSED,
    STARTED,
    WANTED,
    at,
    refused,
)
from .works import DUNE, MATRIX, book, upsert


@pytest.fixture
async def dune(ingest):
    return (await ingest.UpsertMedia(upsert(DUNE, "dune"))).item.id


@pytest.fixture
async def matrix(ingest):
    return (await ingest.UpsertMedia(upsert(MATRIX, "matrix"))).item.id


async def test_changes_are_taken_back_one_by_one(desk, dune):
    """Each step leads to exactly what was there before."""
    seen = []

    async def look():
        library = await desk.overview()
        seen.append((library.summary, list(library.items), await desk.logs()))

    async def and_look(call):
        await look()
        return await call

    await and_look(desk.put(dune, WANTED, rating=4))
    await and_look(desk.put(dune, PAUSED, notes="Sand"))
    log = await and_look(desk.write(dune, FINISHED, notes="At last"))
    await and_look(desk.edit(log.id, log_type=STARTED, logged_at=at(3)))
    await and_look(desk.write(dune, NOTE))
    await and_look(desk.clear(dune))
    await and_look(desk.delete(log.id))
    words = []
    while seen:
        reply = await desk.undo()
        words.append(reply.undone)
        assert reply.media_item_id == dune
        assert (reply.state if reply.HasField("state") else None) == await desk.state(dune)
        before = seen.pop()
        await look()
        assert seen.pop() == before
    assert words == [
        "the removal of an entry about Dune",
        "the removal of the state of Dune",
        "the new entry about Dune",
        "the change of an entry about Dune",
        "the new entry about Dune",
        "the state of Dune",
        "the state of Dune",
    ]
    error = await refused("NOTHING_TO_UNDO", desk.undo())
    assert error.kind.name == "NOT_FOUND"


async def test_what_follows_still_follows_after_an_undo(desk, dune):
    await desk.put(dune, WANTED)
    finished = await desk.write(dune, FINISHED)
    await desk.delete(finished.id)
    await desk.undo()
    assert await desk.status(dune) == CONSUMED
    await desk.edit(finished.id, log_type=STARTED)
    assert await desk.status(dune) == CONSUMING
    await desk.delete(finished.id)
    assert await desk.status(dune) == WANTED


async def test_the_last_change_of_any_work_is_taken_back(desk, dune, matrix):
    await desk.put(dune, WANTED)
    await desk.put(matrix, CONSUMED)
    await desk.put(dune, DROPPED)
    assert [(await desk.undo()).media_item_id for _ in range(3)] == [dune, matrix, dune]
    assert await desk.states(dune, matrix) == []


async def test_what_a_sender_changed_since_is_not_overwritten(desk, dune):
    await desk.write(dune, STARTED)
    finished = await desk.record(dune, pb.ACTIVITY_FINISHED, hours=1)
    error = await refused("CHANGED_SINCE", desk.undo())
    assert error.kind.name == "PRECONDITION"
    assert error.metadata["media_item_id"] == dune
    assert await desk.state(dune) == finished.state
    assert len(await desk.logs()) == 2
    # A later change of the person's own can be taken back nevertheless, up to there.
    await desk.put(dune, WANTED)
    assert (await desk.undo()).state == finished.state
    await refused("CHANGED_SINCE", desk.undo())


async def test_what_a_sender_made_of_a_cleared_state_stays(desk, dune):
    await desk.put(dune, DROPPED)
    await desk.clear(dune)
    started = await desk.record(dune, pb.ACTIVITY_STARTED)
    await refused("CHANGED_SINCE", desk.undo())
    assert await desk.state(dune) == started.state


async def test_a_sender_that_changes_nothing_is_in_nobodys_way(desk, dune):
    await desk.put(dune, CONSUMED, started_at=at(), finished_at=at(1))
    await desk.record(dune, pb.ACTIVITY_STARTED, hours=0.5)
    note = await desk.write(dune, NOTE)
    await desk.record(dune, pb.ACTIVITY_FINISHED, hours=9)
    assert (await desk.undo()).undone == "the new entry about Dune"
    assert note.id not in {log.id for log in await desk.logs()}


async def test_the_same_again_is_no_change(desk, dune):
    await desk.put(dune, WANTED)
    await desk.put(dune, CONSUMED, rating=8)
    for _ in range(3):
        await desk.put(dune, CONSUMED, rating=8)
    assert (await desk.undo()).state.status == WANTED


async def test_an_entry_that_a_sender_wrote_comes_back_as_it_was(desk, dune):
    await desk.record(dune, pb.ACTIVITY_FINISHED, notes="Jellyfin")
    before = await desk.logs()
    await desk.delete(before[0].id)
    assert await desk.state(dune) is None
    await desk.undo()
    assert await desk.logs() == before
    assert await desk.status(dune) == CONSUMED


async def test_two_undos_at_once_take_back_two_changes(desk, dune):
    statuses = [WANTED, CONSUMING, PAUSED, CONSUMED, DROPPED]
    for status in statuses:
        await desk.put(dune, status)
    replies = await asyncio.gather(*(desk.undo() for _ in range(4)))
    assert sorted(reply.state.status for reply in replies) == sorted(statuses[:-1])
    assert await desk.status(dune) == WANTED


async def test_changes_at_once_are_taken_back_in_the_order_of_their_effect(desk, dune):
    statuses = [WANTED, CONSUMING, PAUSED, CONSUMED, DROPPED] * 3
    await asyncio.gather(*(desk.put(dune, status) for status in statuses))
    while (state := await desk.state(dune)) is not None:
        assert await desk.undo() is not None
        assert await desk.state(dune) != state
    await refused("NOTHING_TO_UNDO", desk.undo())


async def test_fifty_changes_within_thirty_days(desk, dune, ingest, sql):
    works = [
        (await ingest.UpsertMedia(upsert(book(f"Tidewatch {number}"), f"n{number}"))).item.id
        for number in range(53)
    ]
    for work in works:
        await desk.put(work, WANTED)
    (kept,) = await sql("select count(*) from catalog.library_changes")
    assert kept.count == 50
    for work in reversed(works[-3:]):
        assert (await desk.undo()).media_item_id == work
    await sql(
        """update catalog.library_changes set at = now() - interval '31 days'
           where id < (select max(id) from catalog.library_changes) returning id"""
    )
    assert (await desk.undo()).media_item_id == works[-4]
    await refused("NOTHING_TO_UNDO", desk.undo())


async def test_old_changes_are_forgotten_by_a_sweep(desk, dune, matrix, database, sql):
    for work in (dune, matrix):
        await desk.put(work, WANTED)
    await sql(
        """update catalog.library_changes set at = now() - interval '31 days'
           where media_item_id = :work returning id""",
        work=dune,
    )
    async with database.sessions.begin() as session:
        assert await service.forget_old_changes(session, 10) == 1
    (left,) = await sql("select media_item_id from catalog.library_changes")
    assert str(left.media_item_id) == matrix


async def test_nobody_takes_back_what_another_did(desk, dune):
    await desk.put(dune, WANTED)
    await refused("NOTHING_TO_UNDO", desk.of(uuid4()).undo())
    assert await desk.status(dune) == WANTED


async def test_what_was_merged_away_is_passed_over(desk, dune, matrix, sql):
    await desk.put(matrix, CONSUMED)
    await desk.put(dune, WANTED)
    await sql(
        "update catalog.media_items set merged_into = :into where id = :id returning id",
        id=dune,
        into=matrix,
    )
    assert (await desk.undo()).media_item_id == matrix


async def test_a_change_is_kept_as_rows(desk, dune, database):
    """So that what is taken back is exactly what was there, to the microsecond."""
    fraction = at()
    fraction.FromDatetime(datetime(2026, 1, 1, 0, 0, 0, 123457, tzinfo=UTC))
    before = await desk.put(dune, CONSUMED, rating=0.1 + 0.2, started_at=fraction)
    await desk.clear(dune)
    assert (await desk.undo()).state == before
    async with database.readers() as session:
        (kept,) = (await session.execute(LibraryChange.__table__.select())).all()
    assert (kept.what, kept.state_before, kept.log_after) == ("set", None, None)
    assert kept.state_after["id"] == before.id


async def test_taking_back_and_writing_at_once_lock_nobody_out(desk, dune):
    async def live(number):
        log = await desk.write(dune, (STARTED, FINISHED)[number % 2], hours=number)
        edits = (
            desk.write(dune, NOTE),
            desk.write(dune, FINISHED),
            desk.undo(),
            desk.put(dune, DROPPED),
            desk.edit(log.id, log_type=FINISHED, logged_at=at(-number)),
            desk.delete(log.id),
            desk.clear(dune),
            desk.undo(),
        )
        replies = await asyncio.gather(*edits, return_exceptions=True)
        return {reply.code() for reply in replies if isinstance(reply, grpc.aio.AioRpcError)}

    for _ in range(60):  # what is written beyond these is forgotten as it is written
        await desk.write(dune, NOTE)
    for _ in range(4):
        codes = await asyncio.gather(*map(live, range(6)))
        known = {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION}
        assert set().union(*codes) <= known


async def test_few_statements_each(desk, dune, statements):
    await desk.put(dune, WANTED)
    log = await desk.write(dune, STARTED)
    await desk.edit(log.id, log_type=FINISHED)
    await desk.clear(dune)
    for count in (5, 6, 6, 5):
        statements()
        await desk.undo()
        assert statements() == count
    statements()
    await desk.put(dune, WANTED)
    assert statements() == 1
    await desk.clear(dune)
    assert statements() == 1
