import asyncio
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tastebuds.catalog.v1 import library_service_pb2 as pb

from .library_desk import (
    CONSUMED,
    CONSUMING,
    DROPPED,
    FINISHED,
    GOAL,
    NOON,
    NOTE,
    PAUSED,
    PROGRESS,
    STARTED,
    WANTED,
    at,
    moment,
    refused,
)
from .works import DUNE, MATRIX, upsert


@pytest.fixture
async def dune(ingest):
    return (await ingest.UpsertMedia(upsert(DUNE, "dune"))).item.id


@pytest.fixture
async def matrix(ingest):
    return (await ingest.UpsertMedia(upsert(MATRIX, "matrix"))).item.id


async def test_an_entry_is_kept_as_it_was_written(desk, dune):
    log = await desk.write(
        dune,
        GOAL,
        notes="Before the film",
        minutes_spent=0,
        progress_percent=100,
        goal_target="Three chapters a day",
        goal_due_on="2026-12-31",
    )
    assert (log.notes, log.goal_target) == ("Before the film", "Three chapters a day")
    assert (log.HasField("minutes_spent"), log.minutes_spent, log.progress_percent) == (
        True,
        0,
        100,
    )
    assert (log.goal_due_on, moment(log.logged_at)) == ("2026-12-31", NOON)
    assert (log.user_id, log.media_item_id) == (str(desk.user_id), dune)
    assert log.media_item.title == "Dune"
    assert await desk.logs() == [log]
    bare = await desk.write_entry(dune, pb.LogEntry(log_type=NOTE))
    assert abs(moment(bare.logged_at) - moment(bare.created_at)).total_seconds() < 5
    for field in ("notes", "minutes_spent", "progress_percent", "goal_target", "goal_due_on"):
        assert not bare.HasField(field)


@pytest.mark.parametrize(
    ("log_type", "before", "after"),
    [
        (STARTED, None, CONSUMING),
        (PROGRESS, None, CONSUMING),
        (FINISHED, None, CONSUMED),
        (NOTE, None, None),
        (GOAL, None, WANTED),
        (GOAL, PAUSED, PAUSED),
        (STARTED, PAUSED, CONSUMING),
        (PROGRESS, DROPPED, DROPPED),
        (STARTED, CONSUMED, CONSUMED),
        (FINISHED, DROPPED, CONSUMED),
        (NOTE, WANTED, WANTED),
    ],
)
async def test_the_state_follows_an_entry_and_back(desk, dune, log_type, before, after):
    if before:
        await desk.put(dune, before, rating=3, favorite=True)
    log = await desk.write(dune, log_type)
    state = await desk.state(dune)
    assert (state and state.status) == after
    if before:
        assert (state.rating, state.favorite) == (3, True)
    await desk.delete(log.id)
    assert await desk.status(dune) == before
    assert await desk.logs() == []


async def test_the_dates_follow(desk, dune):
    await desk.put(dune, CONSUMING, started_at=at(-5))
    finished = await desk.write(dune, FINISHED, hours=2)
    state = await desk.state(dune)
    assert (state.started_at, state.finished_at) == (at(-5), at(2))
    await desk.edit(finished.id, logged_at=at(1))
    assert (await desk.state(dune)).finished_at == at(1)
    await desk.delete(finished.id)
    state = await desk.state(dune)
    assert (state.status, state.started_at) == (CONSUMING, at(-5))
    assert not state.HasField("finished_at")


async def test_an_edit_changes_what_it_names(desk, dune):
    log = await desk.write(dune, STARTED, notes="Slow", minutes_spent=30, progress_percent=5)
    edited = await desk.edit(log.id, ["notes", "minutes_spent"], notes="Better", goal_target="x")
    assert (edited.notes, edited.HasField("minutes_spent")) == ("Better", False)
    assert (edited.progress_percent, edited.goal_target, edited.log_type) == (5, "", STARTED)
    assert (edited.logged_at, edited.created_at) == (log.logged_at, log.created_at)
    assert moment(edited.updated_at) > moment(log.updated_at)
    assert await desk.logs() == [edited]
    assert await desk.edit(log.id, ["notes"], notes="Better") == edited


async def test_an_edited_type_moves_the_state(desk, dune):
    log = await desk.write(dune, NOTE)
    assert await desk.state(dune) is None
    for log_type, status in (
        (FINISHED, CONSUMED),
        (PROGRESS, CONSUMING),
        (GOAL, WANTED),
        (NOTE, None),
        (FINISHED, CONSUMED),
    ):
        await desk.edit(log.id, log_type=log_type)
        assert await desk.status(dune) == status


async def test_what_the_person_set_since_stays(desk, dune):
    finished = await desk.write(dune, FINISHED)
    await desk.put(dune, WANTED)
    await desk.edit(finished.id, logged_at=at(3))
    assert await desk.status(dune) == WANTED
    await desk.delete(finished.id)
    assert await desk.status(dune) == WANTED
    note = await desk.write(dune, NOTE)
    await desk.put(dune, PAUSED)
    await desk.edit(note.id, log_type=FINISHED)
    assert await desk.status(dune) == CONSUMED
    await desk.edit(note.id, log_type=NOTE)
    assert await desk.status(dune) == PAUSED


async def test_a_state_that_was_cleared_does_not_come_back_by_an_old_entry(desk, dune):
    finished = await desk.write(dune, FINISHED)
    await desk.clear(dune)
    await desk.edit(finished.id, logged_at=at(1), notes="at night")
    assert await desk.state(dune) is None
    started = await desk.write(dune, STARTED, hours=5)
    assert await desk.status(dune) == CONSUMING
    await desk.delete(started.id)
    assert await desk.state(dune) is None


async def test_what_remains_is_told_by_the_other_entries_and_activities(desk, dune):
    await desk.record(dune, pb.ACTIVITY_ACQUIRED)
    await desk.record(dune, pb.ACTIVITY_STARTED, hours=1)
    finished = await desk.write(dune, FINISHED, hours=2)
    started = await desk.write(dune, STARTED, hours=-1)
    assert (await desk.state(dune)).started_at == at(-1)
    await desk.delete(started.id)
    await desk.delete(finished.id)
    state = await desk.state(dune)
    assert (state.status, state.started_at) == (CONSUMING, at(1))
    (webhook,) = await desk.logs(log_type=STARTED)
    await desk.delete(webhook.id)
    assert await desk.status(dune) == WANTED


async def test_an_undoing_is_not_undone_by_deleting_a_later_entry(desk, dune):
    await desk.record(dune, pb.ACTIVITY_FINISHED)
    await desk.record(dune, pb.ACTIVITY_UNDONE, hours=1)
    again = await desk.write(dune, FINISHED, hours=2)
    assert await desk.status(dune) == CONSUMED
    await desk.delete(again.id)
    assert await desk.status(dune) == WANTED


async def test_a_state_of_before_its_basis_was_known(desk, dune, sql):
    await desk.put(dune, PAUSED)
    finished = await desk.write(dune, FINISHED)
    await sql("update catalog.user_states set set_at = null, set_status = null returning id")
    await desk.delete(finished.id)
    assert await desk.state(dune) is None
    note = await desk.write(dune, NOTE)
    await desk.put(dune, DROPPED)
    await sql("update catalog.user_states set set_at = null, set_status = null returning id")
    await desk.delete(note.id)
    started = await desk.write(dune, STARTED)
    await desk.delete(started.id)
    assert await desk.status(dune) == DROPPED
    note = await desk.write(dune, NOTE)
    await desk.edit(note.id, log_type=FINISHED)
    assert await desk.status(dune) == CONSUMED


async def test_an_entry_is_written_once_per_key(desk, dune):
    logs = await asyncio.gather(*(desk.write(dune, FINISHED, key="k") for _ in range(8)))
    assert {log.id for log in logs} == {(await desk.logs())[0].id}
    assert len(await desk.logs()) == 1
    await refused("IDEMPOTENCY_KEY_REUSED", desk.write(dune, NOTE, key="k"))
    # Of another person it is another key, and the keys of senders are others as well.
    await desk.of(uuid4()).write(dune, FINISHED, key="k")
    await desk.write(dune, FINISHED, key="webhook:1")
    reply = await desk.senders.RecordActivity(
        pb.RecordActivityRequest(
            user_id=str(desk.user_id),
            media_item_id=dune,
            activity=pb.ACTIVITY_PROGRESSED,
            idempotency_key="webhook:1",
        )
    )
    assert reply.changed


async def test_entries_written_at_once_all_count(desk, dune):
    kinds = [STARTED, FINISHED, NOTE, GOAL] * 4
    logs = await asyncio.gather(
        *(desk.write(dune, kind, hours=hours) for hours, kind in enumerate(kinds))
    )
    state = await desk.state(dune)
    assert (state.status, state.started_at, state.finished_at) == (CONSUMED, at(0), at(13))
    await asyncio.gather(*(desk.delete(log.id) for log in logs if log.log_type == FINISHED))
    state = await desk.state(dune)
    assert (state.status, state.started_at) == (CONSUMING, at(0))
    rest = await desk.logs()
    await asyncio.gather(*(desk.delete(log.id) for log in rest))
    assert await desk.state(dune) is None
    assert (await desk.overview()).summary.total == 0


async def test_edits_of_two_entries_at_once(desk, dune):
    one, other = await desk.write(dune, NOTE, hours=1), await desk.write(dune, NOTE, hours=2)
    for log_type, status in ((FINISHED, CONSUMED), (NOTE, None)) * 3:
        await asyncio.gather(*(desk.edit(log.id, log_type=log_type) for log in (one, other)))
        assert await desk.status(dune) == status


async def test_nobody_touches_the_diary_of_another(desk, dune):
    log = await desk.write(dune, FINISHED)
    stranger = desk.of(uuid4())
    for call in (stranger.edit(log.id, notes="x"), stranger.delete(log.id)):
        error = await refused("LOG_NOT_FOUND", call)
        assert error.message == "Log entry not found"
    await refused("LOG_NOT_FOUND", desk.edit(str(uuid4()), notes="x"))
    await refused("LOG_NOT_FOUND", desk.delete(str(uuid4())))
    assert await desk.logs() == [log]


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("log_type", {"log_type": 0}),
        ("log_type", {"log_type": 99}),
        ("notes", {"notes": "x" * 2001}),
        ("notes", {"notes": "a\0b"}),
        ("minutes_spent", {"minutes_spent": -1}),
        ("progress_percent", {"progress_percent": 101}),
        ("progress_percent", {"progress_percent": -1}),
        ("goal_target", {"goal_target": "x" * 256}),
        ("goal_due_on", {"goal_due_on": "31.12.2026"}),
        ("goal_due_on", {"goal_due_on": "2026-02-30"}),
        ("logged_at", {"logged_at": Timestamp(seconds=10**15)}),
    ],
)
async def test_what_makes_no_sense_is_refused(desk, dune, field, fields):
    reason = "INVALID_TIME" if field == "logged_at" else "INVALID_LIBRARY_ENTRY"
    entry = pb.LogEntry(**({"log_type": NOTE} | fields))
    assert (await refused(reason, desk.write_entry(dune, entry))).metadata["field"] == field
    log = await desk.write(dune, NOTE)
    error = await refused(reason, desk.edit(log.id, [field], **fields))
    assert error.metadata["field"] == field
    # What is not named is not looked at.
    if field != "notes":
        assert (await desk.edit(log.id, ["notes"], notes="fine", **fields)).notes == "fine"


async def test_more_that_is_refused(desk, dune):
    log = await desk.write(dune, NOTE, notes="x" * 2000, minutes_spent=2**31 - 1)
    invalid = "INVALID_LIBRARY_ENTRY"
    for name in ("id", "media_item_id", "", "said_at"):
        error = await refused(invalid, desk.edit(log.id, [name], notes="x"))
        assert error.metadata["field"] == "changed"
    error = await refused(invalid, desk.edit(log.id, ["logged_at"]))
    assert error.metadata["field"] == "logged_at"
    error = await refused(invalid, desk.edit(log.id, ["log_type"]))
    assert error.metadata["field"] == "log_type"
    assert await desk.edit(log.id, []) == log
    await refused("MEDIA_ITEM_NOT_FOUND", desk.write(str(uuid4()), FINISHED))
    await refused("MEDIA_ITEM_NOT_FOUND", desk.write(str(uuid4()), NOTE))
    await refused("INVALID_ID", desk.write("zz", NOTE))
    await refused("INVALID_ID", desk.delete("zz"))
    await refused(invalid, desk.write(dune, NOTE, key="k" * 256))
    await refused(invalid, desk.write(dune, NOTE, key="\0"))
    assert await desk.logs() == [log]


async def test_times_at_the_ends_of_the_calendar(desk, dune):
    for seconds, nanos in ((-62135596800, 0), (253402300799, 999_999_999)):
        entry = pb.LogEntry(log_type=NOTE, logged_at=Timestamp(seconds=seconds, nanos=nanos))
        await refused("INVALID_TIME", desk.write_entry(dune, entry))
    for seconds in (-62135596799, 253402300799):
        log = await desk.write_entry(
            dune, pb.LogEntry(log_type=FINISHED, logged_at=Timestamp(seconds=seconds))
        )
        assert log.logged_at.seconds == seconds
    page = await desk.page_of_logs(page_size=1)
    assert (await desk.logs(page_size=1, page_token=page.next_page_token))[0].logged_at.seconds < 0
    assert len((await desk.overview(page_size=1)).items) == 1
    await desk.undo()
    await desk.undo()
    assert await desk.logs() == []


async def test_the_diary_is_read_page_by_page(desk, dune, matrix):
    for hours in (3, 1, 2, 2, 5):
        await desk.write(dune, PROGRESS, hours=hours)
    await desk.write(matrix, FINISHED, hours=4)
    everything = await desk.logs()
    assert [moment(log.logged_at).hour - 12 for log in everything] == [5, 4, 3, 2, 2, 1]
    seen, token = [], ""
    for size in (2, 2, 2):
        page = await desk.page_of_logs(page_size=2, page_token=token, offset=1 if token else 0)
        assert len(page.logs) == size
        seen += page.logs
        token = page.next_page_token
    assert (seen, token) == (everything, "")
    asked = {"media_item_id": dune, "log_type": PROGRESS, "page_size": 4}
    page = await desk.page_of_logs(**asked)
    rest = await desk.page_of_logs(**asked, page_token=page.next_page_token)
    assert [*page.logs, *rest.logs] == [log for log in everything if log.media_item_id == dune]
    assert rest.next_page_token == ""
    await refused("INVALID_PAGE", desk.logs(page_token="x"))


async def test_few_statements_each(desk, dune, statements):
    async def counted(call):
        statements()
        result = await call
        return result, statements()

    note, count = await counted(desk.write(dune, NOTE))
    assert count == 2
    log, count = await counted(desk.write(dune, STARTED))
    assert count == 3
    assert (await counted(desk.write(dune, FINISHED, key="k")))[1] == 5
    assert (await counted(desk.write(dune, FINISHED, key="k")))[1] == 2
    assert (await counted(desk.edit(note.id, notes="x")))[1] == 2
    assert (await counted(desk.edit(log.id, logged_at=at(-1))))[1] == 4
    assert (await counted(desk.edit(log.id, notes="x")))[1] == 2
    assert (await counted(desk.delete(note.id)))[1] == 2
    assert (await counted(desk.delete(log.id)))[1] == 4
    assert (await counted(desk.logs(media_item_id=dune)))[1] == 1
