"""Saving what was shown: exactly that, whole if its source answers."""

import asyncio
import time
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from common.errors import Kind
from common.grpc_errors import RemoteError
from ingest.models import Preview
from ingest.previews.saving import FETCHING_SECONDS
from ingest.upstream import Patience
from tastebuds.ingest.v1 import preview_service_pb2 as pb
from tastebuds.ingest.v1.work_pb2 import RefreshDue

from .preview_desk import FILM, SERIES, WHOLE_FILM, open_desk, refusal
from .upstream_stub import Answer

AWAY = RemoteError(Kind.UNAVAILABLE, "DATABASE_UNAVAILABLE", "away")


@pytest.fixture
async def desk(serve, people, upstream, catalogue):
    async with open_desk(serve, people, upstream, catalogue) as opened:
        yield opened


@pytest.fixture
def shown(upstream):
    upstream.plan("tmdb/search/multi", {"results": [FILM, SERIES]})
    upstream.plan("tmdb/movie/603", WHOLE_FILM)
    upstream.plan("tmdb/tv/603", {**SERIES, "tagline": "Of another sea."})


async def test_what_was_shown_is_saved_whole(desk, shown, catalogue):
    preview = await desk.show()
    [saved] = await desk.save(preview.id)
    assert saved.preview_id == preview.id
    assert UUID(saved.item.id).version == 7
    assert saved.item.screen.runtime_minutes == 97
    assert [each.external_id for each in saved.sources] == ["movie:603"]
    assert len(catalogue.drafts) == 1
    assert await desk.sent() == []


async def test_film_and_series_of_one_number_are_two_works(desk, shown):
    answers = await desk.search("tmdb", hits=2)
    ids = [hit.preview.id for hit in answers["tmdb"].hits]
    film, series = await desk.save(*ids)
    assert (film.item.subtitle, series.item.subtitle) == ("The light goes out.", "Of another sea.")
    assert film.item.id != series.item.id


async def test_saving_again_is_no_request_and_the_same_work(desk, shown, upstream, catalogue):
    preview = await desk.show()
    [first] = await desk.save(preview.id)
    asked = len(upstream.asked)
    again, once_more = await desk.save(preview.id, preview.id)
    assert again.item.id == once_more.item.id == first.item.id
    assert len(upstream.asked) == asked
    assert len(catalogue.drafts) == 1


async def test_what_the_catalogue_has_is_not_fetched(desk, shown, upstream):
    stored = await desk.ingest("tmdb", "movie:603")
    preview = await desk.show()
    asked = len(upstream.asked)
    [saved] = await desk.save(preview.id)
    assert saved.item.id == stored.item.id
    assert len(upstream.asked) == asked


@pytest.mark.parametrize(
    "fault",
    [
        Answer({}, status=500),
        Answer(b"<html>"),
        Answer({}, status=429, headers={"Retry-After": "60"}),
        Answer(WHOLE_FILM, after=3),
    ],
    ids=["broken", "garbage", "throttled", "slow"],
)
async def test_without_its_source_it_is_saved_as_shown_and_whole_later(
    desk, shown, upstream, catalogue, fault
):
    upstream.plan("tmdb/movie/603", fault)
    preview = await desk.show()
    [saved] = await desk.save(preview.id)
    assert saved.item.title == "Tidewatch"
    assert saved.item.description == "A lighthouse keeps a secret."
    assert not saved.item.screen.HasField("runtime_minutes")
    assert b"lighthouse" in catalogue.drafts[0].raw_payload
    due = RefreshDue(source="tmdb", external_id="movie:603")
    assert await desk.sent() == [("tmdb-bulk", due)]
    [again] = await desk.save(preview.id)
    assert again.item.id == saved.item.id
    assert await desk.sent() == []


async def test_what_its_source_no_longer_has_is_saved_as_shown_and_not_asked_for(
    desk, shown, upstream
):
    upstream.plan("tmdb/movie/603", Answer({}, status=404))
    [saved] = await desk.save((await desk.show()).id)
    assert saved.item.title == "Tidewatch"
    assert await desk.sent() == []


async def test_metadata_that_were_cut_are_no_facts(desk, upstream, catalogue):
    long = {**FILM, "genre_names": "x", "original_title": "T" * 400, "spoken_languages": []}
    long["genres"] = [{"name": f"{number} " + "g" * 400} for number in range(60)]
    upstream.plan("tmdb/search/multi", {"results": [long]})
    upstream.plan("tmdb/movie/603", Answer({}, status=500))
    preview = await desk.show()
    assert '"truncated":true' in preview.item.metadata_json.replace(" ", "")
    await desk.save(preview.id)
    assert not catalogue.drafts[0].item.HasField("metadata_json")


async def test_many_are_saved_in_the_order_asked(desk, upstream):
    films = [{**FILM, "id": number, "title": f"Film {number}"} for number in range(1, 6)]
    upstream.plan("tmdb/search/multi", {"results": films})
    for film in films:
        upstream.plan(f"tmdb/movie/{film['id']}", film)
    ids = [hit.preview.id for hit in (await desk.search("tmdb", hits=5))["tmdb"].hits]
    saved = await desk.save(*reversed(ids))
    assert [each.item.title for each in saved] == [f"Film {number}" for number in (5, 4, 3, 2, 1)]


async def test_two_saves_at_once_make_one_work(desk, shown, catalogue):
    preview = await desk.show()
    saves = await asyncio.gather(*(desk.save(preview.id) for _ in range(5)))
    assert len({saved.item.id for [saved] in saves}) == 1
    assert len(catalogue.items) == 1


async def test_nobody_saves_what_another_was_shown(desk, shown, catalogue):
    preview = await desk.show()
    error = await refusal(desk.save(preview.id, user_id=uuid4()))
    assert (error.kind, error.reason) == (Kind.NOT_FOUND, "PREVIEW_NOT_FOUND")
    assert catalogue.drafts == []


async def test_one_that_is_none_keeps_all_from_being_saved(desk, shown, catalogue):
    preview = await desk.show()
    error = await refusal(desk.save(preview.id, str(uuid4())))
    assert error.reason == "PREVIEW_NOT_FOUND"
    assert catalogue.drafts == []


async def test_what_has_expired_is_saved_only_again(desk, shown):
    film, series = (hit.preview for hit in (await desk.search("tmdb", hits=2))["tmdb"].hits)
    [saved] = await desk.save(film.id)
    await desk.age(timedelta(minutes=6))
    [again] = await desk.save(film.id)
    assert again.item.id == saved.item.id
    assert (await refusal(desk.save(series.id))).reason == "PREVIEW_EXPIRED"


async def test_without_the_catalogue_nothing_is_saved_and_it_can_be_later(desk, shown, catalogue):
    preview = await desk.show()
    catalogue.faults["UpsertMedia"] = AWAY
    assert (await refusal(desk.save(preview.id))).kind is Kind.UNAVAILABLE
    catalogue.faults.clear()
    assert len(await desk.save(preview.id)) == 1


@pytest.mark.parametrize(
    ("ids", "reason"),
    [([], "NOTHING_TO_SAVE"), (["x"], "INVALID_ID"), ([str(uuid4())] * 51, "TOO_MANY")],
)
async def test_what_cannot_be_saved_says_why(desk, ids, reason):
    error = await refusal(desk.save(*ids))
    assert (error.kind, error.reason) == (Kind.INVALID, reason)


async def test_ingesting_what_was_shown_needs_its_source_no_more(desk, shown, upstream):
    await desk.show()
    upstream.plan("tmdb/movie/603", Answer({}, status=500))
    reply = await desk.ingest("tmdb", "movie:603", defer=True)
    assert reply.item.title == "Tidewatch"
    assert not reply.HasField("job")
    assert await desk.sent() == [("tmdb-bulk", RefreshDue(source="tmdb", external_id="movie:603"))]
    await desk.age(timedelta(minutes=6))
    assert (await refusal(desk.ingest("tmdb", "movie:604"))).reason == "NOT_AT_SOURCE"


async def test_ingesting_what_was_shown_does_not_wait_out_a_source_that_hangs(
    serve, people, upstream, catalogue, shown
):
    slow = Patience(total=8, slot=2, retries=0)
    async with open_desk(serve, people, upstream, catalogue, patience=slow) as desk:
        await desk.show()
        upstream.plan("tmdb/movie/603", Answer(WHOLE_FILM, after=7))
        began = time.monotonic()
        reply = await desk.ingest("tmdb", "movie:603")
        assert time.monotonic() - began < FETCHING_SECONDS + 1.5
        assert reply.item.title == "Tidewatch"
        assert not reply.item.screen.HasField("runtime_minutes")


async def test_ingesting_what_was_shown_to_nobody_waits_for_its_source(desk, shown, upstream):
    await desk.show(user_id=uuid4())
    upstream.plan("tmdb/movie/603", Answer({}, status=500))
    error = await refusal(desk.ingest("tmdb", "movie:603"))
    assert error.reason == "UPSTREAM_UNAVAILABLE"
    assert await desk.count(Preview) == 1


async def test_a_preview_is_no_work(desk):
    request = pb.SavePreviewsRequest(preview_ids=[str(uuid4())])
    assert (await refusal(desk.stub.SavePreviews(request, timeout=5))).reason == "INVALID_TOKEN"
