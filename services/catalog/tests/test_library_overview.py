import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from catalog.consumers import on_user_deleted
from catalog.models import Idempotency, LibraryChange, LibraryEntry, UserLog, UserState
from tastebuds.auth.v1.account_events_pb2 import UserDeleted
from tastebuds.catalog.v1 import library_service_pb2 as pb
from tastebuds.catalog.v1 import media_pb2 as media
from tastebuds.catalog.v1 import tag_service_pb2 as tag_pb

from .library_desk import (
    CONSUMED,
    CONSUMING,
    DROPPED,
    FINISHED,
    GOAL,
    NOTE,
    PAUSED,
    PROGRESS,
    STARTED,
    WANTED,
    at,
    refused,
)
from .works import MATRIX, book, of, upsert

# What the entries of a library must be at any time, told anew from states and logs.
TRUTH = """
select coalesce(s.user_id, l.user_id) as user_id,
  coalesce(s.media_item_id, l.media_item_id) as media_item_id,
  s.status, s.updated_at as state_updated_at, coalesce(l.n, 0)::int as log_count,
  l.ids[1] as last_log_id, l.latest as last_logged_at, greatest(s.updated_at, l.latest) as activity
from catalog.user_states s full join (
  select user_id, media_item_id, count(*) as n, max(logged_at) as latest,
    array_agg(id order by logged_at desc, id desc) as ids
  from catalog.user_logs group by user_id, media_item_id
) l on l.user_id = s.user_id and l.media_item_id = s.media_item_id
order by 1, 2
"""
KEPT = """
select user_id, media_item_id, status, state_updated_at, log_count, last_log_id, last_logged_at,
  last_activity_at
from catalog.library_entries order by 1, 2
"""

# As catalog.moving does it.
HOLD = "select from catalog.media_items where id in (:gone, :survivor) order by id for update"
MERGE = (
    "update catalog.user_states set media_item_id = :survivor where media_item_id = :gone",
    "update catalog.user_logs set media_item_id = :survivor where media_item_id = :gone",
    "update catalog.media_items set merged_into = :survivor where id = :gone",
)


@pytest.fixture
async def works(ingest):
    """Seven books and a film."""
    drafts = [upsert(book(f"Tidewatch {number}"), f"n{number}") for number in range(7)]
    drafts.append(upsert(of(MATRIX, title="The Quiet Harbour"), "film"))
    return [(await ingest.UpsertMedia(draft)).item.id for draft in drafts]


@pytest.fixture
def true_entries(sql):
    """`await true_entries()`: how many there are, and all of them are right."""

    async def check():
        kept = [tuple(row) for row in await sql(KEPT)]
        assert kept == [tuple(row) for row in await sql(TRUTH)]
        return len(kept)

    return check


@pytest.fixture
def merged_meanwhile(database):
    """`await merged_meanwhile(gone, survivor, *calls)`: their replies, once the works are one."""

    async def run(gone, survivor, *calls):
        places = {"gone": UUID(gone), "survivor": UUID(survivor)}
        async with database.engine.connect() as connection, connection.begin():
            await connection.execute(text(HOLD), places)
            replies = asyncio.gather(*calls)
            await asyncio.sleep(0.2)
            assert not replies.done()
            for statement in MERGE:
                await connection.execute(text(statement), places)
        return await asyncio.wait_for(replies, 10)

    return run


def titles(items):
    return [item.media_item.title[-1] for item in items]


async def test_everything_with_a_state_or_an_entry_last_touched_first(desk, works):
    state = await desk.put(works[0], CONSUMED, rating=7)
    await desk.write(works[1], NOTE, hours=1)
    last = await desk.write(works[1], NOTE, hours=3)
    await desk.write(works[1], NOTE, hours=2)
    library = await desk.overview()
    first, second = library.items
    assert (first.media_item.title, first.state, first.log_count) == ("Tidewatch 0", state, 0)
    assert first.last_activity_at == state.updated_at
    assert not first.HasField("last_log")
    assert (second.media_item.title, second.log_count) == ("Tidewatch 1", 3)
    assert (second.last_log.id, second.last_activity_at) == (last.id, at(3))
    assert not second.last_log.HasField("media_item")
    assert not second.HasField("state")
    assert second.media_item.WhichOneof("extension") is None
    assert (library.summary.total, library.summary.consumed) == (2, 1)
    assert library.next_up == []


async def test_the_sums_are_of_the_whole_library(desk, works):
    statuses = [CONSUMED, CONSUMING, WANTED, PAUSED, DROPPED, CONSUMED]
    for work, status in zip(works, statuses, strict=False):
        await desk.put(work, status)
    await desk.write(works[6], NOTE)
    expected = pb.LibrarySummary(
        total=7, consumed=2, currently_consuming=1, want_to_consume=1, paused=1, dropped=1
    )
    assert (await desk.overview()).summary == expected
    assert (await desk.overview(statuses=[PAUSED])).summary == expected
    page = await desk.overview(page_size=2)
    rest = await desk.overview(page_size=2, page_token=page.next_page_token)
    assert rest.summary == expected
    assert (await desk.of(uuid4()).overview()) == pb.GetLibraryResponse(summary={})


async def test_what_comes_next(desk, works):
    for work in works:
        await desk.put(work, WANTED)
    await desk.put(works[0], CONSUMED)
    await desk.put(works[1], DROPPED)
    await desk.put(works[2], PAUSED)
    await desk.put(works[3], CONSUMING)
    library = await desk.overview(page_size=1, media_types=[media.MEDIA_TYPE_MOVIE])
    assert titles(library.next_up) == ["3", "2", "r", "6", "5", "4"]
    assert titles(library.items) == ["r"]
    await desk.put(works[1], WANTED)
    page = await desk.overview(page_size=7)
    assert titles(page.next_up) == ["1", "3", "2", "r", "6", "5"]
    rest = await desk.overview(page_size=7, page_token=page.next_page_token)
    assert (titles(rest.items), list(rest.next_up)) == (["4"], [])


async def test_page_by_page(desk, works):
    for hours, work in enumerate(works):
        await desk.write(work, NOTE, hours=hours // 2)
    everything = list((await desk.overview()).items)
    assert len(everything) == 8
    seen, token = [], ""
    for size in (3, 3, 2):
        page = await desk.overview(page_size=3, page_token=token)
        assert len(page.items) == size
        seen += page.items
        token = page.next_page_token
    assert (seen, token) == (everything, "")


async def test_filters(desk, works, tagging):
    await desk.put(works[0], CONSUMED, favorite=True)
    await desk.put(works[1], PAUSED)
    await desk.put(works[7], PAUSED, favorite=True)
    await desk.write(works[2], NOTE)

    async def found(**filters):
        return set(titles((await desk.overview(**filters)).items))

    assert await found(statuses=[PAUSED]) == {"1", "r"}
    assert await found(statuses=[PAUSED, CONSUMED, PAUSED]) == {"0", "1", "r"}
    assert await found(media_types=[media.MEDIA_TYPE_MOVIE]) == {"r"}
    assert await found(media_types=[media.MEDIA_TYPE_BOOK], statuses=[PAUSED]) == {"1"}
    assert await found(favorite=True) == {"0", "r"}
    assert await found(favorite=False) == {"1", "2"}
    for user_id, roles, shared, name, work in (
        (desk.user_id, (), False, "Sea", works[1]),
        (uuid4(), ["admin"], True, "sea", works[2]),
        (uuid4(), (), False, "sea", works[0]),
    ):
        metadata = desk.people.metadata(user_id, roles)
        made = await tagging.CreateTag(
            tag_pb.CreateTagRequest(name=name, is_shared=shared), metadata=metadata
        )
        await tagging.AttachTag(
            tag_pb.AttachTagRequest(tag_id=made.tag.id, media_item_ids=[work]), metadata=metadata
        )
    assert await found(tag=" SEA ") == {"1", "2"}
    assert await found(tag="sea", statuses=[PAUSED]) == {"1"}
    assert await found(tag="land") == set()
    page = await desk.overview(tag="sea", page_size=1)
    rest = await desk.overview(tag="sea", page_size=1, page_token=page.next_page_token)
    assert set(titles([*page.items, *rest.items])) == {"1", "2"}
    assert rest.next_page_token == ""


async def test_what_makes_no_sense_is_refused(desk):
    invalid = "INVALID_LIBRARY_ENTRY"
    for filters, field in (({"statuses": [0]}, "statuses"), ({"tag": "\0"}, "tag")):
        assert (await refused(invalid, desk.overview(**filters))).metadata["field"] == field
    await refused(invalid, desk.overview(statuses=[99]))
    await refused("INVALID_MEDIA", desk.overview(media_types=[99]))
    for page in ({"page_size": 1001}, {"page_size": -1}, {"page_token": "x"}):
        await refused("INVALID_PAGE", desk.overview(**page))


async def test_two_statements_however_much(desk, works, statements):
    for work in works:
        await desk.put(work, PAUSED)
        await desk.write(work, STARTED)
    asked = ({}, {"page_size": 2}, {"statuses": [PAUSED], "favorite": False, "tag": "sea"})
    for filters in asked:
        statements()
        await desk.overview(**filters)
        assert statements() == 2
    statements()
    assert len(await desk.states(*works)) == 8
    assert statements() == 1


async def test_states_of_many_works(desk, works):
    put = [await desk.put(work, WANTED) for work in works[:3]]
    found = await desk.states(*works, works[0], str(uuid4()))
    assert sorted(found, key=lambda state: state.id) == sorted(put, key=lambda state: state.id)
    assert await desk.of(uuid4()).states(*works) == []
    assert await desk.states() == []
    await refused("INVALID_ID", desk.states("zz"))
    await refused("TOO_MANY", desk.states(*[works[0]] * 501))


async def test_a_cleared_state_leaves_the_diary(desk, works):
    log = await desk.write(works[0], FINISHED)
    await desk.clear(works[0])
    assert await desk.state(works[0]) is None
    assert await desk.logs() == [log]
    error = await refused("STATE_NOT_FOUND", desk.clear(works[0]))
    assert error.message == "State not found"
    await desk.put(works[1], WANTED)
    await refused("STATE_NOT_FOUND", desk.of(uuid4()).clear(works[1]))
    await refused("STATE_NOT_FOUND", desk.clear(str(uuid4())))
    await refused("INVALID_ID", desk.clear("zz"))


async def test_two_that_clear_at_once(desk, works):
    await desk.put(works[0], WANTED)
    replies = await asyncio.gather(
        *(desk.clear(works[0]) for _ in range(4)), return_exceptions=True
    )
    assert sum(reply is None for reply in replies) == 1
    assert (await desk.undo()).state.status == WANTED
    assert not (await desk.undo()).HasField("state")
    await refused("NOTHING_TO_UNDO", desk.undo())


async def test_entries_are_true_whatever_happens(desk, works, true_entries):
    work, other = works[:2]
    note = await desk.write(work, NOTE, hours=5)
    assert await true_entries() == 1
    await desk.put(work, WANTED)
    started = await desk.write(work, STARTED, hours=7)
    await desk.record(work, pb.ACTIVITY_FINISHED, hours=9)
    await desk.record(other, pb.ACTIVITY_ACQUIRED)
    assert await true_entries() == 2
    await desk.edit(started.id, logged_at=at(20))
    assert await true_entries() == 2
    await desk.edit(started.id, logged_at=at(-20))
    assert await true_entries() == 2
    for step in (desk.delete(note.id), desk.clear(work), desk.undo(), desk.undo()):
        await step
        await true_entries()
    await desk.delete(started.id)
    await desk.clear(other)
    assert await true_entries() == 2  # a note of what was acquired is left
    for log in await desk.logs():
        await desk.delete(log.id)
    assert await true_entries() == 1  # the state that was set by hand
    await desk.clear(work)
    assert await true_entries() == 0


async def test_entries_are_true_whatever_happens_at_once(desk, works, true_entries):
    async def live(number):
        work = works[number % 2]
        log = await desk.write(work, (STARTED, NOTE, GOAL, PROGRESS)[number % 4], hours=number)
        await desk.record(work, pb.ACTIVITY_PROGRESSED, hours=number)
        if number % 3:
            await desk.edit(log.id, logged_at=at(-number))
        if number % 2:
            await desk.put(work, PAUSED)
        await desk.delete(log.id)

    for _ in range(3):
        await asyncio.gather(*(live(number) for number in range(8)))
        assert await true_entries() == 2


async def test_entries_move_with_what_they_count(desk, works, true_entries, sql):
    """As when a work is merged into another."""
    for work in works[:2]:
        await desk.write(work, NOTE, hours=3)
    await desk.put(works[0], WANTED)
    for table in ("user_logs", "user_states"):
        await sql(
            f"update catalog.{table} set media_item_id = :into where media_item_id = :id"  # noqa: S608
            " returning id",
            id=works[0],
            into=works[1],
        )
        await true_entries()
    (item,) = (await desk.overview()).items
    assert (item.log_count, item.state.status) == (2, WANTED)


async def test_a_diary_of_thousands_moves_and_goes_at_once(desk, works, true_entries, sql):
    """Its entry is written once, and not once for each log."""
    log = await desk.write(works[0], NOTE, hours=1)
    await sql(
        """insert into catalog.user_logs (
             id, user_id, media_item_id, log_type, logged_at, said_at, created_at, updated_at)
           select gen_random_uuid(), user_id, media_item_id, log_type,
             logged_at + n % 100 * interval '1 minute', said_at, created_at, updated_at
           from catalog.user_logs, generate_series(1, 5000) n returning id"""
    )
    assert await true_entries() == 1
    async with asyncio.timeout(5):  # of which it takes a tenth
        await sql("update catalog.user_logs set media_item_id = :id returning id", id=works[1])
        assert await true_entries() == 1
        await sql("delete from catalog.user_logs where id <> :id returning id", id=log.id)
        assert await true_entries() == 1
        await sql("delete from catalog.user_logs returning id")
    assert await true_entries() == 0


async def test_a_work_that_was_merged_away_means_the_other(desk, works, sql):
    gone, survivor = works[:2]
    await sql(
        "update catalog.media_items set merged_into = :into where id = :id returning id",
        id=gone,
        into=survivor,
    )
    assert (await desk.put(gone, WANTED)).media_item_id == survivor
    log = await desk.write(gone, STARTED)
    assert (log.media_item_id, log.media_item.id) == (survivor, survivor)
    finished = await desk.record(gone, pb.ACTIVITY_FINISHED, tags=["sea"])
    assert (finished.state.media_item_id, finished.state.status) == (survivor, CONSUMED)
    noted = await desk.record(gone, pb.ACTIVITY_NOTED)
    assert noted.in_diary
    assert [state.media_item_id for state in await desk.states(gone)] == [survivor]
    assert len(await desk.logs(media_item_id=gone)) == 3
    assert [item.media_item.id for item in (await desk.overview(tag="sea")).items] == [survivor]
    await desk.clear(gone)
    assert await desk.states(survivor) == []


async def test_a_work_is_merged_away_while_states_are_set(desk, works, merged_meanwhile, sql):
    """Whoever comes meanwhile waits, and means the survivor."""
    gone, survivor = works[:2]
    state, log, recorded = await merged_meanwhile(
        gone,
        survivor,
        desk.put(gone, WANTED),
        desk.write(gone, NOTE),
        desk.record(gone, pb.ACTIVITY_STARTED, tags=["sea"]),
    )
    assert {state.media_item_id, log.media_item_id, recorded.state.media_item_id} == {survivor}
    (tagged,) = await sql("select media_item_id from catalog.media_item_tags")
    assert str(tagged.media_item_id) == survivor


async def test_a_work_is_merged_away_while_its_diary_is_edited(desk, works, merged_meanwhile):
    """Nobody waits for each other for ever, and nothing gets lost."""
    gone, survivor = works[:2]
    note, log = await desk.write(gone, NOTE), await desk.write(gone, STARTED)
    edited, _ = await merged_meanwhile(
        gone, survivor, desk.edit(log.id, log_type=FINISHED), desk.delete(note.id)
    )
    assert edited.media_item_id == survivor
    assert await desk.logs() == [edited]
    assert await desk.status(survivor) == CONSUMED


async def test_a_work_is_merged_away_while_something_is_taken_back(desk, works, merged_meanwhile):
    gone, survivor, other = works[:3]
    await desk.put(other, PAUSED)
    await desk.put(gone, WANTED)
    (undone,) = await merged_meanwhile(gone, survivor, desk.undo())
    assert undone.media_item_id == other
    await desk.put(gone, DROPPED)
    await refused("STATE_NOT_FOUND", desk.clear(other))


async def test_whoever_leaves_leaves_nothing(desk, works, database, sql, true_entries):
    staying = desk.of(uuid4())
    for one in (desk, staying):
        await one.put(works[0], WANTED)
        await one.write(works[0], FINISHED, key="k")
    async with database.sessions.begin() as session:
        await on_user_deleted(session, UserDeleted(user_id=str(desk.user_id)))
    for table in (UserState, UserLog, LibraryEntry, LibraryChange, Idempotency):
        found = await sql(f"select distinct user_id from {table.__table__}")  # noqa: S608
        assert [row.user_id for row in found] == [staying.user_id], table
    assert await true_entries() == 1


async def test_a_work_that_goes_leaves_nothing(desk, works, sql):
    await desk.put(works[0], WANTED)
    await desk.write(works[0], FINISHED)
    await sql("delete from catalog.media_items where id = :id returning id", id=works[0])
    assert await desk.overview() == pb.GetLibraryResponse(summary={})
    await refused("NOTHING_TO_UNDO", desk.undo())
