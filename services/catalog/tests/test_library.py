import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import select

from catalog.consumers import on_user_deleted
from catalog.models import Activity, MediaItemTag, Tag, UserLog, UserState
from common.grpc_errors import from_rpc_error
from tastebuds.auth.v1.account_events_pb2 import UserDeleted
from tastebuds.catalog.v1 import library_pb2 as wire
from tastebuds.catalog.v1 import library_service_pb2 as pb
from tastebuds.catalog.v1.library_service_pb2_grpc import LibraryServiceStub

from .works import DUNE, MATRIX, book, upsert

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
CONSUMED = wire.CONSUMPTION_STATUS_CONSUMED
CONSUMING = wire.CONSUMPTION_STATUS_CURRENTLY_CONSUMING
WANTED = wire.CONSUMPTION_STATUS_WANT_TO_CONSUME
DROPPED = wire.CONSUMPTION_STATUS_DROPPED


def at(hours=0):
    moment = Timestamp()
    moment.FromDatetime(NOON + timedelta(hours=hours))
    return moment


def moment(timestamp):
    return timestamp.ToDatetime(UTC)


@pytest.fixture
async def dune(ingest):
    return (await ingest.UpsertMedia(upsert(DUNE, "dune"))).item.id


@pytest.fixture
async def matrix(ingest):
    return (await ingest.UpsertMedia(upsert(MATRIX, "matrix"))).item.id


@pytest.fixture
def ana():
    return uuid4()


@pytest.fixture
def record(senders, ana):
    """`await record(work, pb.ACTIVITY_STARTED, …)`: as ingest tells of Ana, under a new key."""

    async def call(work, activity, key=None, user_id=ana, hours=0, **fields):
        request = pb.RecordActivityRequest(
            user_id=str(user_id),
            media_item_id=work,
            activity=activity,
            occurred_at=at(hours),
            idempotency_key=key or f"webhook:{uuid4()}",
            **fields,
        )
        return await senders.RecordActivity(request)

    return call


@pytest.fixture
def put(library, people, ana):
    async def call(work, status, user_id=ana, **fields):
        request = pb.SetStateRequest(media_item_id=work, status=status, **fields)
        reply = await library.SetState(request, metadata=people.metadata(user_id))
        return reply.state

    return call


@pytest.fixture
def states(library, people, ana):
    async def call(user_id=ana, **page):
        request = pb.ListStatesRequest(**page)
        return await library.ListStates(request, metadata=people.metadata(user_id))

    return call


@pytest.fixture
def logs(library, people, ana):
    async def call(user_id=ana, **asked):
        request = pb.ListLogsRequest(**asked)
        reply = await library.ListLogs(request, metadata=people.metadata(user_id))
        return list(reply.logs)

    return call


@pytest.fixture
def tags(sql):
    """`await tags()`: (owner, name, work) of each tag on a work."""

    async def read():
        return await sql(
            """select owner_id, name, media_item_id from catalog.media_item_tags
               join catalog.tags on tags.id = tag_id order by name, media_item_id"""
        )

    return read


@pytest.fixture
def rows_of(database):
    """`await rows_of(UserState)`: all of them."""

    async def read(table):
        async with database.readers() as session:
            return (await session.execute(select(table.__table__))).all()

    return read


@pytest.fixture
def refused():
    """`await refused("REASON", call)`: the error with which the call is refused."""

    async def expect(reason, call):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        error = from_rpc_error(caught.value)
        assert error is not None, caught.value
        assert error.reason == reason, error
        return error

    return expect


@pytest.mark.parametrize(
    ("activity", "status", "log_type"),
    [
        (pb.ACTIVITY_ACQUIRED, WANTED, wire.LOG_TYPE_NOTE),
        (pb.ACTIVITY_STARTED, CONSUMING, wire.LOG_TYPE_STARTED),
        (pb.ACTIVITY_PROGRESSED, CONSUMING, wire.LOG_TYPE_PROGRESS),
        (pb.ACTIVITY_FINISHED, CONSUMED, wire.LOG_TYPE_FINISHED),
    ],
)
async def test_an_activity_has_a_state_and_an_entry(
    record, states, logs, dune, ana, activity, status, log_type
):
    reply = await record(dune, activity, notes="S01E03 · Low Water")
    assert reply.changed
    assert (reply.state.status, reply.state.user_id) == (status, str(ana))
    assert (await states()).states == [reply.state]
    (log,) = await logs()
    assert (log.log_type, log.notes, log.media_item_id) == (log_type, "S01E03 · Low Water", dune)
    assert moment(log.logged_at) == NOON
    assert (log.media_item.title, log.media_item.WhichOneof("extension")) == ("Dune", None)


async def test_activities_move_the_state_they_find(record, states, logs, dune):
    await record(dune, pb.ACTIVITY_ACQUIRED)
    assert not (await record(dune, pb.ACTIVITY_ACQUIRED)).changed
    started = await record(dune, pb.ACTIVITY_STARTED, hours=1)
    finished = await record(dune, pb.ACTIVITY_FINISHED, hours=3)
    assert started.state.id == finished.state.id
    assert (started.state.status, finished.state.status) == (CONSUMING, CONSUMED)
    late = await record(dune, pb.ACTIVITY_STARTED, hours=-1)
    assert late.changed
    assert late.state.status == CONSUMED
    assert moment(late.state.started_at) == NOON - timedelta(hours=1)
    assert moment(late.state.finished_at) == NOON + timedelta(hours=3)
    assert (await states()).states == [late.state]
    assert len(await logs()) == 4
    undone = await record(dune, pb.ACTIVITY_UNDONE, hours=4)
    assert (undone.state.status, undone.state.HasField("finished_at")) == (WANTED, False)
    assert len(await logs()) == 5


@pytest.mark.parametrize("activity", [pb.ACTIVITY_UNDONE, pb.ACTIVITY_NOTED])
async def test_without_a_state_there_is_nothing_to_take_back(
    record, states, logs, tags, dune, activity
):
    reply = await record(dune, activity, "webhook:1", tags=["sea"])
    assert not reply.HasField("state")
    assert not reply.in_diary
    assert (await states()).states == await logs() == []
    assert len(await tags()) == 1
    # The key has had its effect: what comes to the library later is not taken back by it.
    consumed = await record(dune, pb.ACTIVITY_FINISHED)
    again = await record(dune, activity, "webhook:1", hours=1)
    assert (again.state, again.changed, again.in_diary) == (consumed.state, False, False)


async def test_a_later_play_is_not_taken_back(record, states, logs, dune):
    await record(dune, pb.ACTIVITY_FINISHED)
    later = await record(dune, pb.ACTIVITY_FINISHED, hours=9)
    reply = await record(dune, pb.ACTIVITY_UNDONE, hours=1)
    assert (reply.state, reply.changed, reply.in_diary) == (later.state, False, False)
    assert (await states()).states == [later.state]
    assert len(await logs()) == 2


async def test_only_what_is_consumed_is_taken_back(record, put, logs, dune):
    for status in wire.ConsumptionStatus.values()[1:]:
        before = await put(dune, status)
        reply = await record(dune, pb.ACTIVITY_UNDONE)
        is_taken_back = status == CONSUMED
        assert reply.state.status == (WANTED if is_taken_back else status)
        assert reply.changed is reply.in_diary is is_taken_back
        assert is_taken_back or reply.state == before
    assert len(await logs()) == 1


async def test_a_note_leaves_the_state_alone(record, states, logs, dune):
    before = (await record(dune, pb.ACTIVITY_PROGRESSED)).state
    said = {"notes": "S01E02 · Low Water: marked as not played", "hours": 1}
    reply = await record(dune, pb.ACTIVITY_NOTED, **said)
    assert (reply.state, reply.changed, reply.in_diary) == (before, True, True)
    assert (await states()).states == [before]
    log = (await logs())[0]
    assert (log.log_type, log.notes) == (wire.LOG_TYPE_NOTE, said["notes"])


async def test_what_stands_in_the_diary_is_said_at_each_call(record, dune):
    await record(dune, pb.ACTIVITY_FINISHED)
    replies = await asyncio.gather(
        *(record(dune, pb.ACTIVITY_UNDONE, "k", hours=1) for _ in range(12))
    )
    assert sum(reply.changed for reply in replies) == 1
    assert {(reply.in_diary, reply.state.status) for reply in replies} == {(True, WANTED)}


async def test_parallel_undoings_of_one_work_follow_one_another(record, logs, dune):
    await record(dune, pb.ACTIVITY_FINISHED)
    replies = await asyncio.gather(
        *(record(dune, pb.ACTIVITY_UNDONE, hours=hours) for hours in range(1, 13))
    )
    assert sum(reply.changed for reply in replies) == 1
    assert sum(reply.in_diary for reply in replies) == 1
    assert {reply.state.status for reply in replies} == {WANTED}
    assert len(await logs()) == 2


async def test_what_only_the_person_knows_stays(record, put, dune):
    await put(dune, DROPPED, rating=2.5, favorite=True, notes="Too much sand")
    started = (await record(dune, pb.ACTIVITY_STARTED)).state
    assert started.status == DROPPED
    finished = (await record(dune, pb.ACTIVITY_FINISHED)).state
    assert (finished.status, finished.rating) == (CONSUMED, 2.5)
    assert (finished.favorite, finished.notes) == (True, "Too much sand")


async def test_a_key_has_one_effect_for_ever(record, put, states, logs, tags, dune, statements):
    first = await record(dune, pb.ACTIVITY_FINISHED, "webhook:1", tags=["played"])
    assert first.changed
    again = await record(dune, pb.ACTIVITY_FINISHED, "webhook:1", tags=["played", "again"])
    assert not again.changed
    assert again.state == first.state
    # Also where no entry was written, and when another activity comes under the key.
    await record(dune, pb.ACTIVITY_ACQUIRED, "webhook:2")
    assert not (await record(dune, pb.ACTIVITY_UNDONE, "webhook:2")).changed
    await put(dune, WANTED)
    await record(dune, pb.ACTIVITY_FINISHED, "webhook:1")
    assert (await states()).states[0].status == WANTED
    assert len(await logs()) == 1
    assert [tag.name for tag in await tags()] == ["played"]
    statements()
    await record(dune, pb.ACTIVITY_FINISHED, "webhook:1", tags=["played"])
    assert statements() == 2


async def test_each_person_has_keys_of_their_own(record, dune):
    assert (await record(dune, pb.ACTIVITY_FINISHED, "k")).changed
    assert (await record(dune, pb.ACTIVITY_FINISHED, "k", user_id=uuid4())).changed


async def test_parallel_calls_with_one_key_have_one_effect(record, logs, tags, dune):
    replies = await asyncio.gather(
        *(record(dune, pb.ACTIVITY_FINISHED, "k", tags=["played"]) for _ in range(12))
    )
    assert sum(reply.changed for reply in replies) == 1
    assert {reply.state.status for reply in replies} == {CONSUMED}
    assert len(await logs()) == len(await tags()) == 1


async def test_parallel_activities_on_one_work_follow_one_another(record, states, logs, dune):
    kinds = [pb.ACTIVITY_STARTED, pb.ACTIVITY_PROGRESSED, pb.ACTIVITY_FINISHED] * 6
    replies = await asyncio.gather(
        *(record(dune, kind, hours=hours) for hours, kind in enumerate(kinds))
    )
    assert len({reply.state.id for reply in replies}) == 1
    (state,) = (await states()).states
    assert state.status == CONSUMED
    assert moment(state.started_at) == NOON
    assert moment(state.finished_at) == NOON + timedelta(hours=17)
    assert len(await logs()) == 18


async def test_tags_are_made_once_whatever_their_case(record, tags, dune, matrix, ana):
    replies = await asyncio.gather(
        *(
            record(work, pb.ACTIVITY_TAGGED, tags=names)
            for work in (dune, matrix) * 5
            for names in (["Évening", " Sea "], ["sea", "éVENING"], ["SEA"])
        )
    )
    assert not any(reply.HasField("state") for reply in replies)
    found = await tags()
    assert {(tag.owner_id, tag.name.casefold(), str(tag.media_item_id)) for tag in found} == {
        (ana, name, work) for name in ("évening", "sea") for work in (dune, matrix)
    }
    assert len(found) == 4
    assert not (await record(dune, pb.ACTIVITY_TAGGED, tags=["sea"])).changed
    other = uuid4()
    await record(dune, pb.ACTIVITY_TAGGED, tags=["sea"], user_id=other)
    assert {tag.owner_id for tag in await tags()} == {ana, other}


async def test_whoever_makes_a_tag_second_still_uses_it(record, tags, ingest):
    works = [
        (await ingest.UpsertMedia(upsert(book(f"Tidewatch {number}"), f"n{number}"))).item.id
        for number in range(10)
    ]
    for names in (["a", "b"], ["c"], ["d"]):
        replies = await asyncio.gather(
            *(record(work, pb.ACTIVITY_TAGGED, tags=names) for work in works)
        )
        assert all(reply.changed for reply in replies)
    assert {(tag.name, str(tag.media_item_id)) for tag in await tags()} == {
        (name, work) for name in "abcd" for work in works
    }


async def test_tags_come_along_with_other_activities(record, tags, logs, dune):
    assert (await record(dune, pb.ACTIVITY_ACQUIRED, tags=["disk"])).changed
    assert (await record(dune, pb.ACTIVITY_ACQUIRED, tags=["disk", "attic"])).changed
    assert not (await record(dune, pb.ACTIVITY_ACQUIRED, tags=["disk", "attic"])).changed
    assert [tag.name for tag in await tags()] == ["attic", "disk"]
    assert len(await logs()) == 1


async def test_few_statements_each(record, put, states, logs, dune, statements):
    cases = [
        (pb.ACTIVITY_TAGGED, ["a"], 3),
        (pb.ACTIVITY_ACQUIRED, [], 2),
        (pb.ACTIVITY_ACQUIRED, [], 1),
        (pb.ACTIVITY_FINISHED, ["a", "b", "c"], 3),
        (pb.ACTIVITY_FINISHED, [], 2),
        (pb.ACTIVITY_NOTED, [], 2),
        (pb.ACTIVITY_UNDONE, ["d"], 3),
        (pb.ACTIVITY_UNDONE, [], 1),
    ]
    for activity, names, count in cases:
        statements()
        await record(dune, activity, tags=names)
        assert statements() == count
    for call in (put(dune, CONSUMED), states(), logs()):
        statements()
        await call
        assert statements() == 1


async def test_a_work_that_is_not_there(record, put, refused, rows_of):
    missing = str(uuid4())
    for activity in pb.Activity.values()[1:]:
        error = await refused("MEDIA_ITEM_NOT_FOUND", record(missing, activity, "k", tags=["a"]))
        assert error.message == "Media item not found"
    await refused("MEDIA_ITEM_NOT_FOUND", put(missing, CONSUMED))
    # Nothing is left behind: the work may still come, and the key still counts then.
    for table in (Activity, Tag, UserState, UserLog):
        assert await rows_of(table) == []


async def test_what_makes_no_sense_is_refused(record, senders, put, states, logs, refused, dune):
    entry = "INVALID_LIBRARY_ENTRY"
    assert (await refused(entry, record(dune, 0))).metadata["field"] == "activity"
    assert (await refused(entry, record(dune, 99))).metadata["field"] == "activity"
    key = await refused(entry, record(dune, pb.ACTIVITY_STARTED, "k" * 256))
    assert key.metadata["field"] == "idempotency_key"
    names = [str(number) for number in range(51)]
    await refused("TOO_MANY", record(dune, pb.ACTIVITY_TAGGED, tags=names))
    await refused("INVALID_ID", record("zz", pb.ACTIVITY_STARTED))
    keyless = pb.RecordActivityRequest(
        user_id=str(uuid4()), media_item_id=dune, activity=pb.ACTIVITY_STARTED
    )
    await refused(entry, senders.RecordActivity(keyless))
    for fields, field in (
        ({"status": 0}, "status"),
        ({"rating": 10.5}, "rating"),
        ({"rating": -1}, "rating"),
        ({"rating": float("nan")}, "rating"),
        ({"notes": "x" * 10_001}, "notes"),
        ({"notes": "\0"}, "notes"),
    ):
        error = await refused(entry, put(dune, **({"status": CONSUMED} | fields)))
        assert error.metadata["field"] == field
    never = Timestamp(seconds=10**15)
    await refused("INVALID_TIME", put(dune, CONSUMED, started_at=never))
    for page in ({"page_size": 1001}, {"page_size": -1}, {"page_token": "x"}):
        await refused("INVALID_PAGE", states(**page))
    for page in ({"page_size": 201}, {"offset": -1}):
        await refused("INVALID_PAGE", logs(**page))
    await refused(entry, logs(log_type=99))
    await refused("INVALID_ID", logs(media_item_id="zz"))


async def test_what_a_sender_says_is_made_fit(record, logs, tags, senders, dune, ana):
    year = 24 * 365
    long = "x" * 3000
    await record(
        dune, pb.ACTIVITY_STARTED, notes=f"a\0b{long}", hours=50 * year, tags=["t" * 70, " "]
    )
    (log,) = await logs()
    assert (len(log.notes), log.notes[:3]) == (2000, "abx")
    assert moment(log.logged_at) <= datetime.now(UTC)
    assert [len(tag.name) for tag in await tags()] == [64]
    timeless = pb.RecordActivityRequest(
        user_id=str(ana), media_item_id=dune, activity=pb.ACTIVITY_FINISHED, idempotency_key="k"
    )
    before = datetime.now(UTC)
    state = (await senders.RecordActivity(timeless)).state
    assert before <= moment(state.finished_at) <= datetime.now(UTC)


async def test_a_person_replaces_the_whole_state(put, states, dune):
    first = await put(
        dune,
        CONSUMED,
        rating=9.5,
        favorite=True,
        notes="Again!",
        started_at=at(),
        finished_at=at(1),
    )
    assert (first.rating, first.favorite, first.notes) == (9.5, True, "Again!")
    assert (moment(first.started_at), moment(first.finished_at)) == (NOON, moment(at(1)))
    second = await put(dune, WANTED)
    assert (second.id, second.status) == (first.id, WANTED)
    for field in ("rating", "notes", "started_at", "finished_at"):
        assert not second.HasField(field)
    assert not second.favorite
    assert (await states()).states == [second]


async def test_parallel_puts_leave_one_state(put, states, dune):
    replies = await asyncio.gather(*(put(dune, CONSUMED, rating=number) for number in range(10)))
    assert len({state.id for state in replies}) == 1
    assert (await states()).states[0] in replies


async def test_states_come_page_by_page_last_changed_first(put, states, ingest):
    works = [
        (await ingest.UpsertMedia(upsert(book(f"Tidewatch {number}"), f"n{number}"))).item.id
        for number in range(7)
    ]
    for work in works:
        await put(work, WANTED)
    await put(works[2], CONSUMED)
    expected = [works[2], *(work for work in reversed(works) if work != works[2])]
    seen, token = [], ""
    for size in (3, 3, 1):
        page = await states(page_size=3, page_token=token)
        assert len(page.states) == size
        seen += [state.media_item_id for state in page.states]
        token = page.next_page_token
    assert (seen, token) == (expected, "")
    assert [state.media_item_id for state in (await states()).states] == expected


async def test_the_diary_is_filtered_and_paged_newest_first(record, logs, dune, matrix):
    for hours in (2, 0, 1):
        await record(dune, pb.ACTIVITY_PROGRESSED, hours=hours)
    await record(matrix, pb.ACTIVITY_FINISHED, hours=1)
    hours = [moment(log.logged_at).hour - 12 for log in await logs()]
    assert hours == [2, 1, 1, 0]
    assert {log.media_item.title for log in await logs(media_item_id=dune)} == {"Dune"}
    (finished,) = await logs(log_type=wire.LOG_TYPE_FINISHED)
    assert finished.media_item_id == matrix
    assert await logs(media_item_id=dune, log_type=wire.LOG_TYPE_FINISHED) == []
    assert await logs(page_size=2, offset=1) == (await logs())[1:3]
    assert await logs(offset=2_000_000_000) == []


async def test_nobody_sees_another_ones_library(record, states, logs, dune):
    await record(dune, pb.ACTIVITY_FINISHED, tags=["a"])
    stranger = uuid4()
    assert (await states(stranger)).states == []
    assert await logs(stranger) == []
    assert await logs(stranger, media_item_id=dune) == []


async def test_only_those_named_may_call(connect, database, people):
    requests = {
        "RecordActivity": ("ingest", pb.RecordActivityRequest()),
        "ListStates": ("gateway", pb.ListStatesRequest()),
        "SetState": ("gateway", pb.SetStateRequest()),
        "ListLogs": ("gateway", pb.ListLogsRequest()),
        "BatchGetStates": ("gateway", pb.BatchGetStatesRequest()),
        "DeleteState": ("gateway", pb.DeleteStateRequest()),
        "GetLibrary": ("gateway", pb.GetLibraryRequest()),
        "CreateLog": ("gateway", pb.CreateLogRequest()),
        "UpdateLog": ("gateway", pb.UpdateLogRequest()),
        "DeleteLog": ("gateway", pb.DeleteLogRequest()),
        "UndoLastChange": ("gateway", pb.UndoLastChangeRequest()),
    }
    for caller in ("ingest", "gateway", "menus"):
        stub = LibraryServiceStub(connect(caller))
        for name, (named, request) in requests.items():
            code = grpc.StatusCode.OK
            try:
                await getattr(stub, name)(request, metadata=people.metadata(uuid4()))
            except grpc.aio.AioRpcError as error:
                code = error.code()
            assert (code is grpc.StatusCode.PERMISSION_DENIED) is (caller != named), name


async def test_whoever_leaves_takes_the_library_along(record, database, rows_of, dune, ana):
    staying = uuid4()
    for user_id in (ana, staying):
        await record(dune, pb.ACTIVITY_FINISHED, "k", user_id=user_id, tags=["a"])
    async with database.sessions.begin() as session:
        await on_user_deleted(session, UserDeleted(user_id=str(ana)))
    for table in (UserState, UserLog, Activity):
        assert [row.user_id for row in await rows_of(table)] == [staying]
    assert [tag.owner_id for tag in await rows_of(Tag)] == [staying]
    assert len(await rows_of(MediaItemTag)) == 1


async def test_a_work_that_goes_leaves_nothing_of_it(record, sql, rows_of, dune):
    await record(dune, pb.ACTIVITY_FINISHED, tags=["a"])
    await sql("delete from catalog.media_items where id = :id returning id", id=dune)
    for table in (UserState, UserLog, MediaItemTag):
        assert await rows_of(table) == []
