import asyncio
from uuid import uuid4

import grpc
import orjson
import pytest

from catalog.consumers import HANDLERS
from catalog.models import Inbox
from common.consuming import Consumer
from common.grpc_errors import from_rpc_error
from common.handlers import by_stream
from common.nats_client import declare_streams
from tastebuds.auth.v1.account_events_pb2 import UserDeleted
from tastebuds.catalog.v1.media_pb2 import MEDIA_TYPE_MOVIE, MediaItem
from tastebuds.catalog.v1.media_service_pb2 import CreateManualMediaRequest, GetMediaRequest

from . import works
from .works import DUNE, of


@pytest.fixture
async def enter(gateway, people):
    async def create(item, user_id):
        request = CreateManualMediaRequest(item=item)
        return await gateway.CreateManualMedia(request, metadata=people.metadata(user_id))

    return create


async def test_an_entry_becomes_a_work(enter, gateway, events, sql):
    user_id = uuid4()
    reply = await enter(DUNE, user_id)
    assert reply.created
    stored = await gateway.GetMedia(GetMediaRequest(media_item_id=reply.item.id))
    assert stored.item.book == DUNE.book
    assert [source.source_name for source in stored.sources] == ["manual"]
    (event,) = await events()
    assert event.item.title == "Dune"
    (row,) = await sql("select raw_payload, created_by, external_id from catalog.media_sources")
    assert row.created_by == user_id
    assert orjson.loads(row.raw_payload)["extension"]["isbn_13"] == "9780441013593"
    assert str(user_id) not in row.external_id + row.raw_payload.decode()


async def test_the_same_entry_comes_back(enter):
    user_id = uuid4()
    first = await enter(DUNE, user_id)
    again = await enter(of(DUNE, title=" DUNE ", release_date="1965-12-31"), user_id)
    assert not again.created
    assert again.item == of(first.item, metadata_json=again.item.metadata_json)
    others = [
        await enter(DUNE, uuid4()),
        await enter(of(DUNE, release_date="1984-12-14"), user_id),
        await enter(of(DUNE, title="Dune 2"), user_id),
        await enter(of(DUNE, media_type=MEDIA_TYPE_MOVIE), user_id),
    ]
    assert all(other.created for other in others)
    assert len({other.item.id for other in others} | {first.item.id}) == 5


async def test_entered_twice_at_once_it_is_one(enter):
    user_id = uuid4()
    replies = await asyncio.gather(*(enter(DUNE, user_id) for _ in range(10)))
    assert sum(reply.created for reply in replies) == 1
    assert len({reply.item.id for reply in replies}) == 1


def book(**fields):
    changed = of(DUNE)
    changed.book.MergeFrom(type(changed.book)(**fields))
    return changed


@pytest.mark.parametrize(
    ("item", "fields"),
    [
        (MediaItem(), {"media_type"}),
        (of(DUNE, title=""), {"title"}),
        (of(DUNE, title="\x00 \n"), {"title"}),
        (of(DUNE, title="x" * 501), {"title"}),
        (of(DUNE, subtitle="x" * 501), {"subtitle"}),
        (of(DUNE, description="x" * 20_001), {"description"}),
        (of(DUNE, release_date="yesterday"), {"release_date"}),
        (of(DUNE, release_date="0000-01-01"), {"release_date"}),
        (of(DUNE, release_date="9999-01-01"), {"release_date"}),
        (of(DUNE, cover_image_url="//example.org/x.png"), {"cover_image_url"}),
        (of(DUNE, cover_image_url="data:image/png;base64,"), {"cover_image_url"}),
        (of(DUNE, canonical_url="http://["), {"canonical_url"}),
        (of(DUNE, canonical_url="http://me:secret@example.org/"), {"canonical_url"}),
        (of(DUNE, canonical_url="http://example.org/a b"), {"canonical_url"}),
        (of(DUNE, canonical_url="http://"), {"canonical_url"}),
        (of(DUNE, canonical_url="https://example.org/" + "x" * 1024), {"canonical_url"}),
        (of(DUNE, metadata_json="[]"), {"metadata"}),
        (of(DUNE, metadata_json='{"a": "' + "x" * 50_000 + '"}'), {"metadata"}),
        (book(isbn_10="0441013598"), {"isbn_10"}),
        (book(isbn_13="9780441013594"), {"isbn_13"}),
        (book(isbn_13="97804410135²3"), {"isbn_13"}),
        (book(page_count=0), {"page_count"}),
        (book(authors=["A"] * 50), {"authors"}),
        (book(authors=["A" * 201]), {"authors"}),
        (book(publisher="P" * 201, language="l" * 36), {"publisher", "language"}),
        (of(works.MATRIX, screen=type(works.MATRIX.screen)(runtime_minutes=-1)),
         {"runtime_minutes"}),
        (of(works.GYMNOPEDIE, music=type(works.GYMNOPEDIE.music)(track_number=0, duration_ms=-5)),
         {"track_number", "duration_ms"}),
        (of(works.OUTER_WILDS, game=type(works.OUTER_WILDS.game)(genres=["x" * 201])),
         {"genres"}),
    ],
)  # fmt: skip
async def test_a_wrong_entry_is_refused_field_by_field(enter, sql, item, fields):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await enter(item, uuid4())
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    error = from_rpc_error(refused.value)
    assert error.metadata.keys() == fields
    assert all(field in error.message for field in fields)
    assert await sql("select 1 from catalog.media_items") == []


async def test_isbns_may_be_hyphenated(enter):
    reply = await enter(book(isbn_10="0-8044-2957-x", isbn_13="978-0-306-40615-7"), uuid4())
    assert reply.item.book.isbn_10 == "080442957X"
    assert reply.item.book.isbn_13 == "9780306406157"


async def test_whoever_leaves_is_forgotten_and_the_work_stays(
    enter, gateway, sql, database, connect_nats, empty_nats
):
    await empty_nats()  # those who left in other services' tests
    leaving, staying = uuid4(), uuid4()
    reply = await enter(DUNE, leaving)
    await enter(DUNE, staying)
    async with connect_nats("catalog") as nats, connect_nats("auth") as auth:
        await declare_streams(nats.jetstream(), "catalog")
        await declare_streams(auth.jetstream(), "auth")
        consumer = Consumer("catalog", "AUTH", by_stream(HANDLERS)["AUTH"], database, Inbox)
        running = asyncio.create_task(consumer.run(nats.jetstream(), asyncio.Event()))
        event = UserDeleted(user_id=str(leaving))
        await auth.jetstream().publish(
            event.DESCRIPTOR.full_name,
            event.SerializeToString(),
            headers={"Nats-Msg-Id": str(uuid4())},
        )
        async with asyncio.timeout(10):
            while consumer.state.done.total < 1:
                await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await sql("select created_by from catalog.media_sources order by id") == [
        (None,),
        (staying,),
    ]
    assert (await gateway.GetMedia(GetMediaRequest(media_item_id=reply.item.id))).item.title


async def test_the_message_of_a_refusal_reads_well(enter):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await enter(of(DUNE, title="", cover_image_url="x"), uuid4())
    assert refused.value.details() == (
        "title must not be empty; "
        "cover_image_url must be an http or https address of at most 1024 characters."
    )
