"""Where works can be had: what people put in, what sources say, and how it is summed up."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import text

from catalog.availability import messages, repository
from catalog.availability.offers import Told
from common.db import now
from common.errors import Kind
from common.grpc_errors import from_rpc_error
from tastebuds.catalog.v1 import availability_pb2 as pb
from tastebuds.catalog.v1 import availability_service_pb2 as rpc
from tastebuds.catalog.v1.media_service_pb2 import CreateManualMediaRequest
from tastebuds.catalog.v1.merge_service_pb2 import MergeMediaRequest, UndoMergeRequest

from .works import book, upsert

AVAILABLE = pb.AVAILABILITY_STATUS_AVAILABLE
UNAVAILABLE = pb.AVAILABILITY_STATUS_UNAVAILABLE


def moment(at):
    message = Timestamp()
    message.FromDatetime(at)
    return message


def offer(provider="Netflix", region="PT", form="stream", **fields):
    return rpc.NewAvailability(provider=provider, region=region, format=form, **fields)


@pytest.fixture
async def contributor():
    return uuid4()


@pytest.fixture
async def work(gateway, people, contributor):
    """The id of a work that the contributor typed in."""
    request = CreateManualMediaRequest(item=book("Tidewatch"))
    reply = await gateway.CreateManualMedia(request, metadata=people.metadata(contributor))
    return reply.item.id


@pytest.fixture
def put(availability, people, contributor):
    async def put(work, *entries, by=None, roles=()):
        request = rpc.PutAvailabilityRequest(media_item_id=work, entries=entries)
        metadata = people.metadata(by or contributor, roles)
        return (await availability.PutAvailability(request, metadata=metadata)).entries

    return put


@pytest.fixture
def entries(availability):
    async def read(work):
        request = rpc.ListAvailabilityRequest(media_item_id=work)
        return (await availability.ListAvailability(request)).entries

    return read


@pytest.fixture
def remove(availability, people, contributor):
    async def remove(work, entry_id, by=None):
        request = rpc.DeleteAvailabilityRequest(media_item_id=work, availability_id=entry_id)
        metadata = people.metadata(by or contributor)
        await availability.DeleteAvailability(request, metadata=metadata)

    return remove


@pytest.fixture
def summaries(availability):
    async def read(*works):
        request = rpc.SummarizeAvailabilityRequest(media_item_ids=works)
        return list((await availability.SummarizeAvailability(request)).summaries)

    return read


@pytest.fixture
def say(database):
    """`await say(work, "tmdb", offer(), …)`: a source says so."""

    async def store(work, source_name, *offers):
        told = Told(
            media_item_id=UUID(work), source_name=source_name, offers=messages.to_told(offers)
        )
        async with database.sessions.begin() as session:
            await repository.store(session, [told], now())

    return store


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    error = from_rpc_error(refused.value)
    assert error is not None, refused.value
    return error


def keys(found):
    return [(entry.provider, entry.region, entry.format) for entry in found]


async def test_entries_are_added_and_replaced_and_others_stay(put, entries, work, statements):
    first = await put(
        work,
        offer("Netflix", "PT", status=AVAILABLE, deeplink_url="https://tv.example.org/1"),
        offer("Kino", "DE", "dvd"),
    )
    assert keys(first) == [("Kino", "DE", "dvd"), ("Netflix", "PT", "stream")]
    assert [entry.status for entry in first] == [pb.AVAILABILITY_STATUS_UNKNOWN, AVAILABLE]
    assert first[1].deeplink_url == "https://tv.example.org/1"
    assert not first[0].HasField("deeplink_url")
    assert {entry.source_name for entry in first} == {"manual"}
    statements()
    second = await put(work, offer("Netflix", "PT", status=UNAVAILABLE), offer("Arte", "FR"))
    assert statements() == 3
    assert keys(second) == [
        ("Arte", "FR", "stream"),
        ("Kino", "DE", "dvd"),
        ("Netflix", "PT", "stream"),
    ]
    changed = second[2]
    assert (changed.id, changed.created_at) == (first[1].id, first[1].created_at)
    assert changed.status == UNAVAILABLE
    assert not changed.HasField("deeplink_url")
    assert changed.updated_at.ToDatetime() > first[1].updated_at.ToDatetime()
    assert list(await entries(work)) == list(second)
    assert statements() == 1


async def test_many_entries_are_put_in_one_statement(put, work, sql):
    """Each statement has all entries of the work summed up."""
    await put(work, *(offer("Netflix", region) for region in ("PT", "DE", "FR")))
    commands = await sql("select distinct xmin::text, cmin::text from catalog.availability")
    assert len(commands) == 1


async def test_an_unknown_work_has_no_entries_and_takes_none(put, entries, remove):
    unknown = str(uuid4())
    assert list(await entries(unknown)) == []
    assert (await refusal(put(unknown, offer()))).reason == "MEDIA_ITEM_NOT_FOUND"
    assert (await refusal(remove(unknown, str(uuid4())))).reason == "MEDIA_ITEM_NOT_FOUND"


async def test_only_admins_and_who_brought_it_in_may_put(put, remove, work, entries):
    stranger = uuid4()
    error = await refusal(put(work, offer(), by=stranger))
    assert (error.reason, error.kind.name) == ("NOT_A_CONTRIBUTOR", "FORBIDDEN")
    assert list(await entries(work)) == []
    (entry,) = await put(work, offer(), by=stranger, roles=["admin"])
    assert (await refusal(remove(work, entry.id, by=stranger))).reason == "NOT_A_CONTRIBUTOR"
    await remove(work, entry.id)
    assert list(await entries(work)) == []


async def test_typing_in_what_is_known_gives_no_say_in_it(
    gateway, people, put, work, merges, admin
):
    stranger = uuid4()
    request = CreateManualMediaRequest(item=book("Tidewatch"))
    typed = await gateway.CreateManualMedia(request, metadata=people.metadata(stranger))
    pair = MergeMediaRequest(survivor_id=work, absorbed_id=typed.item.id)
    merged = (await merges.MergeMedia(pair, **admin)).merge
    for one in (work, typed.item.id):
        assert (await refusal(put(one, offer(), by=stranger))).reason == "NOT_A_CONTRIBUTOR"
        await put(one, offer())
    await merges.UndoMerge(UndoMergeRequest(merge_id=merged.id), **admin)
    await put(typed.item.id, offer(), by=stranger)


async def test_what_was_put_can_be_removed_once(put, remove, work, say):
    (entry,) = await put(work, offer())
    await remove(work, entry.id)
    assert (await refusal(remove(work, entry.id))).reason == "AVAILABILITY_NOT_FOUND"
    await say(work, "tmdb", offer())
    (told,) = await put(work)
    assert (await refusal(remove(work, told.id))).reason == "AVAILABILITY_NOT_FOUND"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (offer(""), "entries[1].provider"),
        (offer("\0 "), "entries[1].provider"),
        (offer("x" * 121), "entries[1].provider"),
        (offer(region="x" * 33), "entries[1].region"),
        (offer(form="x" * 65), "entries[1].format"),
        (offer(status=9), "entries[1].status"),
        (offer(deeplink_url="ftp://example.org"), "entries[1].deeplink_url"),
        (offer(deeplink_url="https://example.org/" + "x" * 1024), "entries[1].deeplink_url"),
        (offer(" Kino", "DE", "dvd"), "entries[1]"),
    ],
)
async def test_a_wrong_entry_is_refused_by_its_field(put, entries, work, wrong, field):
    error = await refusal(put(work, offer("Kino", "DE", "dvd"), wrong))
    assert error.reason == "INVALID_AVAILABILITY"
    assert error.metadata.keys() == {field}
    assert field in error.message
    assert list(await entries(work)) == []


async def test_however_many_are_wrong_the_first_are_named(put, work):
    error = await refusal(put(work, *[offer("Kino", "DE", "dvd")] * 100))
    assert error.reason == "INVALID_AVAILABILITY"
    assert error.kind is Kind.INVALID
    assert error.metadata.keys() == {f"entries[{place}]" for place in range(1, 11)}
    assert error.message.startswith("entries[1] has the provider, ")


async def test_there_is_a_limit_to_a_request_and_to_a_work(put, entries, work, say):
    error = await refusal(put(work, *(offer(str(number)) for number in range(101))))
    assert error.reason == "TOO_MANY"
    await say(work, "tmdb", *(offer(f"tmdb {number:03}") for number in range(1200)))
    assert len(await entries(work)) == 900
    await put(work, *(offer(f"mine {number}") for number in range(100)))
    error = await refusal(put(work, offer("one more")))
    assert (error.reason, list(error.metadata)) == ("INVALID_AVAILABILITY", ["entries"])
    await say(work, "other", offer("another"))
    assert len(await entries(work)) == 1000


async def test_a_source_replaces_what_it_said_and_nobody_elses(put, entries, work, say):
    await put(work, offer("Kino", status=AVAILABLE))
    await say(work, "tmdb", offer("Kino", status=UNAVAILABLE), offer("Netflix"), offer("Arte"))
    await say(work, "other", offer("Mubi"))
    await say(work, "tmdb", offer("Netflix", status=AVAILABLE), offer("Apple"))
    found = {entry.provider: entry for entry in await entries(work)}
    assert found.keys() == {"Kino", "Netflix", "Mubi", "Apple"}
    assert (found["Kino"].source_name, found["Kino"].status) == ("manual", AVAILABLE)
    assert (found["Netflix"].source_name, found["Netflix"].status) == ("tmdb", AVAILABLE)
    await say(work, "tmdb")
    assert {entry.provider for entry in await entries(work)} == {"Kino", "Mubi"}


async def test_what_a_source_says_too_long_or_twice_is_left_out(entries, work, say):
    await say(work, "tmdb", offer(""), offer("x" * 121), offer("A"), offer(" A", status=AVAILABLE))
    (entry,) = await entries(work)
    assert (entry.provider, entry.status) == ("A", AVAILABLE)


async def test_entries_grow_stale(put, summaries, work):
    old, young = now() - timedelta(days=15), now() - timedelta(days=13)
    found = await put(
        work,
        offer("Old", last_checked_at=moment(old)),
        offer("Young", last_checked_at=moment(young)),
        offer("Tomorrow", last_checked_at=moment(now() + timedelta(days=1))),
    )
    assert {entry.provider: entry.is_stale for entry in found} == {
        "Old": True,
        "Young": False,
        "Tomorrow": False,
    }
    (summary,) = await summaries(work)
    assert summary.stale_count == 1
    assert summary.last_checked_at.ToDatetime(UTC) <= datetime.now(UTC)


async def test_many_works_are_summed_up_in_one_statement(
    put, summaries, work, ingest, say, statements
):
    reply = await ingest.UpsertMedia(upsert(book("Low Water"), "low"))
    other = reply.item.id
    await say(other, "tmdb", offer("Netflix"))
    await put(
        work,
        offer("B", "US", "buy", status=AVAILABLE),
        offer("B", "DE", "rent", status=AVAILABLE),
        offer("A", "US", "stream", status=UNAVAILABLE),
        offer("C", "", "", status=pb.AVAILABILITY_STATUS_UNKNOWN),
    )
    statements()
    one, two = await summaries(work, str(uuid4()), other, work)
    assert statements() == 1
    assert (one.media_item_id, two.media_item_id) == (work, other)
    assert list(one.providers) == ["A", "B", "C"]
    assert list(one.regions) == ["US", "DE"]
    assert list(one.formats) == ["stream", "rent", "buy"]
    assert (one.available_count, one.unavailable_count, one.unknown_count) == (2, 1, 1)
    assert await summaries() == []
    await say(other, "tmdb")
    assert [summary.media_item_id for summary in await summaries(work, other)] == [work]


async def test_who_writes_at_once_is_summed_up_together(put, summaries, work, say):
    await asyncio.gather(
        *(put(work, offer(f"mine {number}"), offer("shared")) for number in range(8)),
        *(say(work, f"source{number}", offer(f"said {number}")) for number in range(8)),
    )
    (summary,) = await summaries(work)
    assert summary.unknown_count == 17
    assert len(summary.providers) == 17


async def test_an_absorbed_work_means_its_survivor(put, entries, summaries, work, ingest, database):
    reply = await ingest.UpsertMedia(upsert(book("Tidewatch"), "other"))
    absorbed = reply.item.id
    async with database.sessions.begin() as session:
        statement = text("update catalog.media_items set merged_into = :into where id = :id")
        await session.execute(statement, {"into": UUID(work), "id": UUID(absorbed)})
    (entry,) = await put(absorbed, offer())
    assert entry.media_item_id == work
    assert list(await entries(absorbed)) == list(await entries(work)) == [entry]
    assert [summary.media_item_id for summary in await summaries(absorbed, work)] == [
        absorbed,
        work,
    ]


async def test_an_ingested_work_comes_with_where_it_can_be_had(ingest, entries, statements):
    def told(*offers, refresh=False, says=True):
        draft = {"source_name": "tmdb", "availability": offers, "has_availability": says}
        return ingest.UpsertMedia(upsert(book("Tidewatch"), "m1", refresh=refresh, **draft))

    work = (await told(offer("Netflix"), offer("Arte"))).item.id
    assert {entry.provider for entry in await entries(work)} == {"Netflix", "Arte"}
    await told(offer("Kino"))  # known, and not to be refreshed
    await told(says=False, refresh=True)
    assert {entry.provider for entry in await entries(work)} == {"Netflix", "Arte"}
    statements()
    await told(says=False, refresh=True)
    silent = statements()
    await told(offer("Kino"), refresh=True)
    assert statements() == silent + 1
    assert {entry.provider for entry in await entries(work)} == {"Kino"}
    await told(refresh=True)
    assert list(await entries(work)) == []
