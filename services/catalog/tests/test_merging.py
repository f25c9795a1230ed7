import asyncio
from uuid import UUID, uuid4

import grpc
import pytest
from sqlalchemy import text

from catalog.merging import service as merging
from common.grpc_errors import from_rpc_error
from tastebuds.catalog.v1 import availability_service_pb2 as offers_pb
from tastebuds.catalog.v1 import media_events_pb2 as events_pb
from tastebuds.catalog.v1 import merge_service_pb2 as pb
from tastebuds.catalog.v1 import tag_service_pb2 as tags_pb
from tastebuds.catalog.v1.media_service_pb2 import (
    BatchGetMediaRequest,
    FindMediaBySourceRequest,
    GetMediaRequest,
    OverrideMediaRequest,
)
from tastebuds.catalog.v1.search_service_pb2 import SearchMediaRequest

from . import works
from .library_desk import CONSUMED, CONSUMING, FINISHED, NOTE, WANTED, refused
from .works import MATRIX, book, of, upsert

TABLES = (
    "user_states",
    "user_logs",
    "library_entries",
    "library_changes",
    "media_item_tags",
    "media_sources",
    "availability",
    "overrides",
)
EVENTS = {
    event.DESCRIPTOR.full_name: event
    for event in (
        events_pb.MediaItemUpserted,
        events_pb.MediaItemMerged,
        events_pb.MediaItemMergeUndone,
    )
}


@pytest.fixture
async def twins(ingest):
    """Two works of two sources that are one: the ids of the survivor and of the absorbed."""
    kept = await ingest.UpsertMedia(upsert(book("Tidewatch", description="By the sea."), "a"))
    gone = await ingest.UpsertMedia(
        upsert(
            book("Tidewatch (2019)", subtitle="A novel", description="Another blurb."),
            "b",
            source_name="open_library",
        )
    )
    return kept.item.id, gone.item.id


@pytest.fixture
def merge(merges, admin):
    async def run(kept, gone):
        request = pb.MergeMediaRequest(survivor_id=kept, absorbed_id=gone)
        return (await merges.MergeMedia(request, **admin)).merge

    return run


@pytest.fixture
def undo(merges, admin):
    async def run(merge_id):
        return (await merges.UndoMerge(pb.UndoMergeRequest(merge_id=merge_id), **admin)).merge

    return run


@pytest.fixture
def get(gateway, people):
    async def run(work, user_id=None):
        metadata = people.metadata(user_id) if user_id else None
        return await gateway.GetMedia(GetMediaRequest(media_item_id=work), metadata=metadata)

    return run


@pytest.fixture
def told(sql):
    """What was told since it was last asked."""
    seen = 0

    async def read():
        nonlocal seen
        rows = await sql("select subject, payload from catalog.outbox order by id")
        new, seen = rows[seen:], len(rows)
        return [EVENTS[row.subject].FromString(row.payload) for row in new]

    return read


@pytest.fixture
def rows(sql):
    """All that belongs to works, but the entries of search."""

    async def read():
        found = {}
        for table in TABLES:
            statement = f"select to_jsonb(t) from catalog.{table} t"  # noqa: S608 ours
            found[table] = {str(row) for (row,) in await sql(statement)}
        found["tags"] = set(await sql("select media_item_id, tag_id from catalog.media_item_tags"))
        return found

    return read


@pytest.fixture
def tag(tagging, people):
    known = {}

    async def attach(work, name, user_id):
        person = {"metadata": people.metadata(user_id)}
        if (name, user_id) not in known:
            made = await tagging.CreateTag(tags_pb.CreateTagRequest(name=name), **person)
            known[name, user_id] = made.tag.id
        request = tags_pb.AttachTagRequest(tag_id=known[name, user_id], media_item_ids=[work])
        await tagging.AttachTag(request, **person)

    return attach


async def test_the_absorbed_one_goes_on_to_mean_the_survivor(
    twins, merge, get, gateway, ingest, search, told
):
    kept, gone = twins
    await told()
    merged = await merge(kept, gone)
    assert (merged.survivor_id, merged.absorbed_id) == (kept, gone)
    assert (merged.survivor_title, merged.absorbed_title) == ("Tidewatch", "Tidewatch (2019)")
    assert merged.HasField("merged_by")
    assert merged.HasField("reversible_until")
    found = await get(gone)
    assert found == await get(kept)
    assert found.item.id == kept
    assert [source.source_name for source in found.sources] == ["google_books", "open_library"]
    batch = await gateway.BatchGetMedia(BatchGetMediaRequest(media_item_ids=[gone, kept]))
    assert [item.id for item in batch.items] == [kept]
    assert batch.survivors == {gone: kept}
    by_source = await ingest.FindMediaBySource(
        FindMediaBySourceRequest(source_name="open_library", external_id="b")
    )
    assert by_source.item.id == kept
    hits = (await search.SearchMedia(SearchMediaRequest(query="tidewatch"))).items
    assert [hit.id for hit in hits] == [kept]
    (event,) = await told()
    assert (event.merge_id, event.absorbed_id) == (merged.id, gone)
    assert (event.survivor, event.version) == (found.item, 2)


async def test_the_absorbed_one_fills_what_is_empty_and_no_more(twins, merge, undo, get):
    kept, gone = twins
    before = [(await get(one)).item for one in twins]
    merged = await merge(kept, gone)
    found = await get(kept)
    assert found.item.title == "Tidewatch"
    assert found.item.description == "By the sea."
    assert found.item.subtitle == "A novel"
    assert {field.field: field.source_name for field in found.field_sources} == {
        "title": "google_books",
        "description": "google_books",
        "subtitle": "open_library",
    }
    await undo(merged.id)
    after = [(await get(one)).item for one in twins]
    for was, item in zip(before, after, strict=True):
        was.updated_at.CopyFrom(item.updated_at)
        assert item == was


async def test_a_refresh_of_the_absorbed_ones_source_is_the_survivors(twins, merge, get, ingest):
    kept, gone = twins
    await merge(kept, gone)
    reply = await ingest.UpsertMedia(
        upsert(
            book("Tidewatch (2020)", subtitle="Revised"),
            "b",
            source_name="open_library",
            refresh=True,
        )
    )
    assert (reply.item.id, reply.created) == (kept, False)
    item = (await get(kept)).item
    assert (item.title, item.subtitle) == ("Tidewatch", "Revised")


async def test_everything_follows_and_goes_back_exactly(
    twins, merge, undo, rows, desk, tag, gateway, availability, people, admin, sql
):
    kept, gone = twins
    other = desk.of(uuid4())
    for one, work in ((desk, gone), (other, kept), (other, gone)):
        await one.put(work, WANTED, rating=4 if work == kept else 7)
        await one.write(work, FINISHED if work == gone else NOTE)
        await tag(work, f"of {work}", one.user_id)
        await tag(work, "sea", one.user_id)
        mine = OverrideMediaRequest(media_item_id=work, title=f"My {work}", changed=["title"])
        await gateway.OverrideMedia(mine, metadata=people.metadata(one.user_id))
    for work, provider in ((kept, "Corner Library"), (gone, "Corner Library"), (gone, "Harbour")):
        entry = offers_pb.NewAvailability(provider=provider)
        request = offers_pb.PutAvailabilityRequest(media_item_id=work, entries=[entry])
        await availability.PutAvailability(request, **admin)
    await sql("update catalog.availability set contributed_by = null returning 1")
    await sql("update catalog.overrides set set_by = null returning 1")
    before = await rows()
    merged = await merge(kept, gone)
    for table in TABLES:
        strays = f"select 1 from catalog.{table} where media_item_id = :gone"  # noqa: S608 ours
        assert await sql(strays, gone=UUID(gone)) == [], table
    state = await other.state(kept)
    assert (state.status, state.rating) == (CONSUMED, 4)
    assert await desk.status(gone) == CONSUMED
    assert len(await other.logs(media_item_id=kept)) == 2
    assert len((await availability.ListAvailability(
        offers_pb.ListAvailabilityRequest(media_item_id=gone))).entries) == 2  # fmt: skip
    mine = await gateway.GetMedia(
        GetMediaRequest(media_item_id=gone), metadata=people.metadata(desk.user_id)
    )
    assert mine.item.title == f"My {gone}"
    await undo(merged.id)
    after = await rows()
    for table, was in before.items():
        assert after[table] == was, table


async def test_what_changed_since_stays_as_it_is_and_is_not_lost(
    twins, merge, undo, desk, tag, sql
):
    kept, gone = twins
    other = desk.of(uuid4())
    await desk.put(gone, WANTED)
    for work in twins:
        await other.put(work, WANTED, notes=f"of {work}")
    entry = await desk.write(gone, NOTE, notes="before")
    merged = await merge(kept, gone)
    await desk.put(gone, CONSUMING, rating=9)
    await other.put(kept, CONSUMED, notes="since")
    await desk.edit(entry.id, notes="since")
    await desk.write(gone, NOTE, notes="of the survivor")
    await undo(merged.id)
    assert (await desk.state(gone)).rating == 9
    assert await desk.state(kept) is None
    assert [log.notes for log in await desk.logs(media_item_id=gone)] == ["since"]
    assert [log.notes for log in await desk.logs(media_item_id=kept)] == ["of the survivor"]
    assert (await other.state(kept)).notes == "since"
    assert (await other.state(gone)).notes == f"of {gone}"


async def test_what_was_deleted_since_does_not_come_back(twins, merge, undo, desk, sql):
    kept, gone = twins
    for work in twins:
        await desk.put(work, WANTED)
    merged = await merge(kept, gone)
    await desk.clear(kept)
    await undo(merged.id)
    assert await sql("select 1 from catalog.user_states") == []


async def test_everybodys_overrides_follow_unless_the_survivor_has_its_own(
    twins, merge, undo, get, gateway, admin
):
    kept, gone = twins
    for work, fields in ((kept, {"title": "T1"}), (gone, {"title": "T2", "subtitle": "S2"})):
        await gateway.OverrideMedia(
            OverrideMediaRequest(
                media_item_id=work, changed=list(fields), for_everybody=True, **fields
            ),
            **admin,
        )
    merged = await merge(kept, gone)
    found = await get(kept)
    assert (found.item.title, found.item.subtitle) == ("T1", "S2")
    await gateway.OverrideMedia(
        OverrideMediaRequest(media_item_id=kept, changed=["subtitle"], for_everybody=True), **admin
    )
    assert (await get(kept)).item.subtitle == "A novel"
    await undo(merged.id)
    assert (await get(kept)).item.title == "T1"
    assert not (await get(kept)).item.HasField("subtitle")
    left = (await get(gone)).item
    assert (left.title, left.subtitle) == ("T2", "A novel")


async def test_chains_are_flat_and_are_taken_apart_from_the_end(
    twins, merge, undo, get, ingest, desk, told
):
    kept, gone = twins
    last = (await ingest.UpsertMedia(upsert(book("Tidewatch, again"), "c"))).item.id
    await desk.put(gone, CONSUMED)
    first = await merge(kept, gone)
    await told()
    second = await merge(last, kept)
    assert (await get(gone)).item.id == last
    assert await desk.status(last) == CONSUMED
    await refused("MERGE_IS_FINAL", undo(first.id))
    undone = await undo(second.id)
    assert undone.HasField("undone_at")
    assert not undone.HasField("reversible_until")
    assert (await undo(second.id)) == undone
    assert (await get(gone)).item.id == kept
    assert (await desk.state(gone)).media_item_id == kept
    events = await told()
    assert [type(event) for event in events[:2]] == [
        events_pb.MediaItemMerged,
        events_pb.MediaItemMergeUndone,
    ]
    assert (events[1].survivor_id, events[1].absorbed.id) == (last, kept)
    assert events[1].version > events[0].version - 1
    await undo(first.id)
    assert (await get(gone)).item.id == gone
    assert (await desk.state(gone)).media_item_id == gone


async def test_what_cannot_be_merged_is_refused(twins, merge, ingest, merges, people):
    kept, gone = twins
    film = (await ingest.UpsertMedia(upsert(MATRIX, "m"))).item.id
    await refused("CANNOT_MERGE", merge(kept, kept))
    await refused("CANNOT_MERGE", merge(kept, film))
    await refused("MEDIA_ITEM_NOT_FOUND", merge(kept, str(uuid4())))
    await refused("MEDIA_ITEM_NOT_FOUND", merge(str(uuid4()), kept))
    await refused("INVALID_ID", merge("x", kept))
    await merge(kept, gone)
    await refused("CANNOT_MERGE", merge(kept, gone))
    await refused("CANNOT_MERGE", merge(gone, film))
    with pytest.raises(grpc.aio.AioRpcError) as denied:
        await merges.ListMerges(pb.ListMergesRequest(), metadata=people.metadata(uuid4()))
    assert from_rpc_error(denied.value).reason == "ADMIN_REQUIRED"


async def test_after_thirty_days_a_merge_is_final(twins, merge, undo, merges, admin, database, sql):
    merged = await merge(*twins)
    await sql("update catalog.merges set merged_at = merged_at - interval '30 days' returning 1")
    await refused("MERGE_IS_FINAL", undo(merged.id))
    async with database.sessions.begin() as session:
        assert await merging.make_final(session, 10) == 1
        assert await merging.make_final(session, 10) == 0
    assert await sql("select moved from catalog.merges") == [(None,)]
    (listed,) = (await merges.ListMerges(pb.ListMergesRequest(), **admin)).merges
    assert not listed.HasField("reversible_until")
    assert listed.absorbed_title == "Tidewatch (2019)"
    await refused("MERGE_NOT_FOUND", undo(str(uuid4())))


async def test_merges_are_listed_page_by_page_newest_first(ingest, merge, merges, admin):
    ids = [(await ingest.UpsertMedia(upsert(book(f"Book {n}"), str(n)))).item.id for n in range(4)]
    made = [(await merge(ids[0], one)).id for one in ids[1:]]
    first = await merges.ListMerges(pb.ListMergesRequest(page_size=2), **admin)
    token = first.next_page_token
    rest = await merges.ListMerges(pb.ListMergesRequest(page_size=2, page_token=token), **admin)
    assert [one.id for one in (*first.merges, *rest.merges)] == made[::-1]
    assert not rest.next_page_token


async def test_many_move_with_as_many_statements_as_few(twins, merge, undo, statements, database):
    kept, gone = twins
    statements()
    few = await merge(kept, gone)
    cost = statements()
    await undo(few.id)
    back = statements()
    async with database.sessions.begin() as session:
        for work, share in ((kept, 2), (gone, 3)):
            await session.execute(
                text(
                    "insert into catalog.user_states"
                    " (id, user_id, media_item_id, status, favorite, updated_at)"
                    " select gen_random_uuid(), md5(n::text)::uuid, :work, 'consumed', false, now()"
                    " from generate_series(1, 3000) n where n % :share = 0"
                ),
                {"work": UUID(work), "share": share},
            )
    statements()
    many = await merge(kept, gone)
    assert statements() == cost <= 30
    await undo(many.id)
    assert statements() == back <= 30


async def test_of_two_merges_at_once_one_is_made(twins, merge, sql):
    kept, gone = twins
    pairs = [(kept, gone), (gone, kept)] * 4
    outcomes = await asyncio.gather(*(merge(*pair) for pair in pairs), return_exceptions=True)
    made = [one for one in outcomes if isinstance(one, pb.Merge)]
    reasons = {from_rpc_error(one).reason for one in outcomes if not isinstance(one, pb.Merge)}
    assert len(made) == 1
    assert reasons <= {"CANNOT_MERGE", "WORKS_BUSY"}
    assert await sql("select count(*) from catalog.media_items where merged_into is not null") == [
        (1,)
    ]


async def test_what_is_written_while_works_merge_is_the_survivors(
    twins, merge, undo, desk, ingest, sql
):
    kept, gone = twins
    for _ in range(4):
        people = [desk.of(uuid4()) for _ in range(12)]
        results = await asyncio.gather(
            *(one.put(gone, CONSUMED) for one in people[:6]),
            merge(kept, gone),
            *(one.write(gone, FINISHED) for one in people[6:]),
            *(
                ingest.UpsertMedia(
                    upsert(book(f"Tidewatch {n}"), "b", source_name="open_library", refresh=True)
                )
                for n in range(4)
            ),
            return_exceptions=True,
        )
        merged = results[6]
        assert all(not isinstance(one, BaseException) for one in results), results
        for one in people:
            assert (await one.state(gone)).media_item_id == kept
        strays = "select count(*) from catalog.{} where media_item_id = :gone"
        for table in ("user_states", "user_logs", "library_entries", "media_sources"):
            assert await sql(strays.format(table), gone=UUID(gone)) == [(0,)], table
        assert await sql("select count(*) from catalog.media_items") == [(2,)]
        await undo(merged.id)


async def test_whoever_leaves_is_not_remembered_by_merges(twins, merge, undo, desk, sql, database):
    kept, gone = twins
    other = desk.of(uuid4())
    for one in (desk, other):
        await one.put(kept, WANTED)
        await one.put(gone, CONSUMED, notes="private")
    merged = await merge(kept, gone)
    async with database.sessions.begin() as session:
        await merging.forget_person(session, desk.user_id)
        await merging.forget_person(session, UUID(merged.merged_by))
        await session.execute(
            text("delete from catalog.user_states where user_id = :id"), {"id": desk.user_id}
        )
    ((moved, merged_by),) = await sql("select moved::text, merged_by from catalog.merges")
    assert str(desk.user_id) not in moved
    assert str(other.user_id) in moved
    assert merged_by is None
    await undo(merged.id)
    assert await other.status(gone) == CONSUMED
    assert await desk.status(gone) is None


ISBN = "9780000000002"


def isbn(title, **fields):
    return book(title, book=works.media.Book(isbn_13=ISBN, authors=["Ada Tide"]), **fields)


async def test_what_is_surely_one_merges_by_itself(
    ingest, compare, suspects, get, merges, admin, statements
):
    """As when two sources say so only later."""
    first = (await ingest.UpsertMedia(upsert(book("Tidewatch"), "a"))).item.id
    second = (await ingest.UpsertMedia(upsert(isbn("Tidewatch: a novel"), "b"))).item.id
    assert first != second
    assert await compare() == 2
    assert await compare() == 0
    await ingest.UpsertMedia(upsert(isbn("Tidewatch"), "a", refresh=True))
    assert await compare() == 1
    assert (await get(second)).item.id == first
    (merged,) = (await merges.ListMerges(pb.ListMergesRequest(), **admin)).merges
    assert merged.reason == f"same ISBN {ISBN}"
    assert not merged.HasField("merged_by")
    assert list(await suspects()) == []
    await compare()  # the survivor has changed
    statements()
    assert await compare() == 0
    assert statements() == 1


async def test_what_was_taken_apart_does_not_merge_by_itself_again(
    ingest, compare, merges, admin, undo, get, suspects
):
    await ingest.UpsertMedia(upsert(book("Tidewatch"), "a"))
    second = (await ingest.UpsertMedia(upsert(isbn("Tidewatch"), "b"))).item.id
    await ingest.UpsertMedia(upsert(isbn("Tidewatch"), "a", refresh=True))
    await compare()
    (merged,) = (await merges.ListMerges(pb.ListMergesRequest(), **admin)).merges
    await undo(merged.id)
    assert await compare() == 2
    assert (await get(second)).item.id == second
    assert list(await suspects()) == []


async def test_a_source_absorbs_what_people_typed_in(ingest, gateway, people, compare, get):
    typed = await gateway.CreateManualMedia(
        works.manual(isbn("Tidewatch", description="Mine.")), metadata=people.metadata(uuid4())
    )
    known = await ingest.UpsertMedia(upsert(isbn("Tidewatch"), "a"))
    assert known.item.id != typed.item.id
    await compare()
    found = await get(typed.item.id)
    assert found.item.id == known.item.id
    assert found.item.description == "Mine."


async def test_what_looks_like_one_is_suspected_until_somebody_decides(
    ingest, compare, suspects, merges, admin, merge, statements
):
    async def add(item, external_id):
        return (await ingest.UpsertMedia(upsert(item, external_id))).item.id

    author = works.media.Book(authors=["Ada Tide"])
    year = "2019-05-01"
    ids = [
        await add(book("The Quiet Harbour", release_date=year, book=author), "a"),
        await add(book("Quiet harbour!", release_date="2019-01-01", book=author), "b"),
        await add(isbn("Nebelkai", release_date="2021-01-01"), "c"),
        await add(isbn("Fog on the Pier", release_date="1999-01-01"), "d"),
    ]
    other = works.media.Book(authors=["Somebody Else"])
    await add(book("The Quiet Harbour", release_date=year, book=other), "e")
    await add(book("The Quiet Harbour", release_date="1980-01-01", book=author), "f")
    await add(of(MATRIX, title="The Quiet Harbour", release_date=year), "g")
    await compare()
    statements()
    found = await suspects()
    assert statements() == 2
    assert {(one.one.id, one.other.id): one.reason for one in found} == {
        (ids[0], ids[1]): "same title, year and creator",
        (ids[2], ids[3]): f"same ISBN {ISBN}, other titles",
    }
    assert found[0].one.title
    by_id = {one.one.id: one for one in found}
    for _ in range(2):
        await merges.DismissSuspect(pb.DismissSuspectRequest(suspect_id=by_id[ids[2]].id), **admin)
    await ingest.UpsertMedia(
        upsert(isbn("Nebelkai II", release_date="2021-01-01"), "c", refresh=True)
    )
    await compare()
    assert [one.id for one in await suspects()] == [by_id[ids[0]].id]
    await merge(ids[0], ids[1])
    assert list(await suspects()) == []
    await refused(
        "SUSPECT_NOT_FOUND",
        merges.DismissSuspect(pb.DismissSuspectRequest(suspect_id=str(uuid4())), **admin),
    )


async def test_of_many_with_one_id_all_become_one(ingest, compare, sql):
    for n in range(5):
        await ingest.UpsertMedia(upsert(book("Tidewatch"), str(n)))
    for n in range(5):
        await ingest.UpsertMedia(upsert(isbn("Tidewatch"), str(n), refresh=True))
    while await compare(2):
        pass
    assert await sql(
        "select count(distinct merged_into) from catalog.media_items where merged_into is not null"
    ) == [(1,)]
    assert await sql("select count(distinct media_item_id) from catalog.media_sources") == [(1,)]
