"""Ingesting one work, through the real server and a real upstream."""

import asyncio
from dataclasses import fields
from uuid import uuid4

import grpc
import pytest
from sqlalchemy import func, select

from common.grpc_errors import from_rpc_error
from ingest.consumers import on_user_deleted
from ingest.drafts import BookDraft, GameDraft, MusicDraft, ScreenDraft
from ingest.models import Allowance, Base
from tastebuds.auth.v1.account_events_pb2 import UserDeleted
from tastebuds.catalog.v1 import availability_pb2, media_pb2
from tastebuds.ingest.v1 import ingest_service_pb2 as pb

MOVIE = {
    "id": 5,
    "title": "The Ferry",
    "tagline": "It leaves.",
    "release_date": "2011-03-04",
    "runtime": 90,
    "poster_path": "/ferry.jpg",
    "genres": [{"name": "Drama"}],
    "credits": {"crew": [{"job": "Director", "name": "Ida Holm"}]},
}


@pytest.fixture
def stub(service):
    return service("gateway")


@pytest.fixture
def ingest(stub, people):
    """`ingest("tmdb", external_id="movie:5")` as one person."""
    person = uuid4()

    async def call(source, user_id=person, **identifier):
        request = pb.IngestMediaRequest(source=source, **identifier)
        return await stub.IngestMedia(request, metadata=people.metadata(user_id), timeout=10)

    return call


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc_error(caught.value)


async def test_a_new_work_is_fetched_and_stored_whole(ingest, upstream, catalogue):
    upstream.plan("tmdb/movie/5", MOVIE)
    reply = await ingest("tmdb", external_id="movie:5")
    assert reply.source_name == "tmdb"
    assert reply.item.title == "The Ferry"
    assert reply.item.subtitle == "It leaves."
    assert reply.item.media_type == media_pb2.MEDIA_TYPE_MOVIE
    assert reply.item.release_date == "2011-03-04"
    assert list(reply.item.screen.directors) == ["Ida Holm"]
    assert reply.item.screen.runtime_minutes == 90
    [draft] = catalogue.drafts
    assert b'"The Ferry"' in draft.raw_payload
    assert (draft.source_name, draft.external_id) == ("tmdb", "movie:5")


async def test_where_a_work_can_be_had_is_told_or_left_out(ingest, upstream, catalogue):
    here = {"GB": {"link": "https://tmdb.example.org", "rent": [{"provider_name": "Pier"}]}}
    upstream.plan("tmdb/movie/5", MOVIE | {"watch/providers": {"results": here}}, MOVIE)
    await ingest("tmdb", external_id="movie:5")
    await ingest("tmdb", external_id="movie:5", force_refresh=True)
    told, silent = catalogue.drafts
    [entry] = told.availability
    assert (entry.provider, entry.region, entry.format) == ("Pier", "GB", "rent")
    assert entry.status == availability_pb2.AVAILABILITY_STATUS_AVAILABLE
    assert entry.deeplink_url == "https://tmdb.example.org"
    assert (told.has_availability, silent.has_availability) == (True, False)


async def test_a_known_work_costs_no_request_and_no_allowance(ingest, upstream, database):
    upstream.plan("tmdb/movie/5", MOVIE)
    for _ in range(5):
        await ingest("tmdb", external_id="movie:5")
    assert upstream.paths() == ["/tmdb/movie/5"]
    async with database.readers() as session:
        assert await session.scalar(select(Allowance.used)) == 1


async def test_a_refresh_asks_again_and_overwrites(ingest, upstream):
    upstream.plan("tmdb/movie/5", MOVIE, MOVIE | {"title": "The Night Ferry"})
    await ingest("tmdb", external_id="movie:5")
    reply = await ingest("tmdb", external_id="movie:5", force_refresh=True)
    assert reply.item.title == "The Night Ferry"


async def test_an_address_means_the_same_work(ingest, upstream):
    upstream.plan("tmdb/movie/5", MOVIE)
    by_id = await ingest("tmdb", external_id="movie:5")
    by_url = await ingest("tmdb", url="https://www.themoviedb.org/movie/5-the-ferry?language=en")
    assert by_url.item.id == by_id.item.id


@pytest.mark.parametrize(
    ("source", "identifier", "reason"),
    [
        ("nowhere", {"external_id": "1"}, "UNKNOWN_SOURCE"),
        ("tmdb", {}, "IDENTIFIER_REQUIRED"),
        ("tmdb", {"external_id": " "}, "IDENTIFIER_REQUIRED"),
        ("tmdb", {"external_id": "a film"}, "UNUSABLE_IDENTIFIER"),
        ("tmdb", {"url": "https://example.org/movie/5"}, "UNUSABLE_IDENTIFIER"),
        ("tmdb", {"external_id": "movie:6"}, "NOT_AT_SOURCE"),
        ("lastfm", {"external_id": "a::b"}, "SOURCE_OFF"),
    ],
)
async def test_what_cannot_be_ingested_says_why(ingest, source, identifier, reason):
    assert (await refusal(ingest(source, **identifier))).reason == reason


@pytest.mark.usefixtures("young_minute")
async def test_everyone_has_an_allowance_of_their_own(ingest, upstream):
    numbers = range(1, 5)
    for number in numbers:
        upstream.plan(f"tmdb/movie/{number}", MOVIE | {"id": number})
    for number in (1, 2, 3):
        await ingest("tmdb", external_id=f"movie:{number}")
    error = await refusal(ingest("tmdb", external_id="movie:4"))
    assert error.reason == "FETCH_QUOTA_EXCEEDED"
    assert 0 < error.retry_after <= 60
    await ingest("tmdb", user_id=uuid4(), external_id="movie:4")


@pytest.mark.usefixtures("young_minute")
async def test_parallel_fetches_are_all_counted(ingest, upstream):
    for number in range(1, 9):
        upstream.plan(f"tmdb/movie/{number}", MOVIE | {"id": number})
    calls = (ingest("tmdb", external_id=f"movie:{number}") for number in range(1, 9))
    replies = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(reply, pb.IngestMediaResponse) for reply in replies) == 3


async def test_a_deleted_user_leaves_no_allowance(ingest, upstream, database):
    upstream.plan("tmdb/movie/5", MOVIE)
    user_id = uuid4()
    await ingest("tmdb", user_id=user_id, external_id="movie:5")
    async with database.sessions.begin() as session:
        await on_user_deleted(session, UserDeleted(user_id=str(user_id)))
    async with database.readers() as session:
        assert await session.scalar(select(func.count()).select_from(Allowance)) == 0


async def test_the_sources_tell_their_state(ingest, stub, upstream):
    upstream.plan("tmdb/movie/5", MOVIE)
    await ingest("tmdb", external_id="movie:5")
    reply = await stub.ListSources(pb.ListSourcesRequest(), timeout=5)
    states = {status.source: status for status in reply.sources}
    assert list(states) == [
        "google_books",
        "tmdb",
        "igdb",
        "lastfm",
        "open_library",
        "musicbrainz",
    ]
    assert states["tmdb"].state == pb.SOURCE_STATE_OK
    assert states["tmdb"].operations[0].succeeded == 1
    assert states["lastfm"].state == pb.SOURCE_STATE_OFF
    assert "INGEST_LASTFM_KEY" in states["lastfm"].off_reason


async def test_only_the_gateway_may_ingest_and_only_for_someone(service, stub):
    request = pb.IngestMediaRequest(source="tmdb", external_id="movie:5")
    assert (await refusal(stub.IngestMedia(request, timeout=5))).reason == "INVALID_TOKEN"
    assert (await refusal(service("menus").IngestMedia(request, timeout=5))).reason == (
        "CALLER_NOT_ALLOWED"
    )


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        (BookDraft, media_pb2.Book),
        (ScreenDraft, media_pb2.Screen),
        (GameDraft, media_pb2.Game),
        (MusicDraft, media_pb2.Music),
    ],
)
def test_drafts_and_messages_have_the_same_fields(draft, message):
    assert [each.name for each in fields(draft)] == list(message.DESCRIPTOR.fields_by_name)


async def test_models_and_migrations_agree(shared_database, schema_difference):
    assert await schema_difference(shared_database, Base.metadata) == []
