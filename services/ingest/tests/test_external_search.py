"""Searching sources outside: what is slow, broken, throttled or off costs only its own share."""

import asyncio
import time
from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from common.errors import Kind
from common.grpc_errors import RemoteError
from ingest.limits.rules import FAILURES_TO_OPEN
from ingest.models import SearchAllowance, SourceAnswer
from ingest.previews.seeking import searches_total
from ingest.upstream import Patience
from tastebuds.catalog.v1 import media_pb2
from tastebuds.catalog.v1 import media_service_pb2 as media
from tastebuds.ingest.v1 import preview_service_pb2 as pb

from .preview_desk import BOOK, FILM, GAME, SERIES, TERMS, open_desk, refusal, until
from .upstream_stub import Answer

PATIENT = Patience(total=8, slot=2, first_pause=0.01, longest_pause=0.2)


@pytest.fixture
async def desk(serve, people, upstream, catalogue):
    async with open_desk(serve, people, upstream, catalogue) as opened:
        yield opened


@pytest.fixture
async def patient(serve, people, upstream, catalogue):
    """Sources would be waited for long, were it not for the deadline of searches."""
    async with open_desk(serve, people, upstream, catalogue, patience=PATIENT) as opened:
        yield opened


def all_answer(upstream):
    upstream.plan("tmdb/search/multi", {"results": [FILM, SERIES]})
    upstream.plan("google_books/volumes", {"items": [BOOK]})
    upstream.plan("igdb/games", [GAME])


async def test_a_hit_tells_what_the_search_says_without_a_further_request(desk, upstream):
    all_answer(upstream)
    answers = await desk.search("google_books", "tmdb", "igdb")
    assert list(answers) == ["google_books", "tmdb", "igdb"]
    [hit] = answers["tmdb"].hits
    assert answers["tmdb"].status == pb.SOURCE_ANSWER_STATUS_OK
    assert answers["tmdb"].search_ms > 0
    assert (hit.preview.source_name, hit.preview.external_id) == ("tmdb", "movie:603")
    assert hit.preview.item.title == "Tidewatch"
    assert hit.preview.item.id == ""
    assert UUID(hit.preview.id).version == 8
    [book] = answers["google_books"].hits
    assert list(book.preview.item.creators) == ["Ida Holm"]
    assert len(desk.searched()) == 3


async def test_what_is_slow_broken_throttled_or_off_is_named(patient, upstream):
    upstream.plan("google_books/volumes", Answer({"items": [BOOK]}, after=5))
    upstream.plan("tmdb/search/multi", Answer({"status_message": "down"}, status=500))
    upstream.plan("igdb/games", Answer({}, status=429, headers={"Retry-After": "30"}))
    began = time.monotonic()
    answers = await patient.search("google_books", "tmdb", "igdb", "lastfm")
    assert time.monotonic() - began < 3  # the deadline of one, not of all after each other
    assert {source: answer.status for source, answer in answers.items()} == {
        "google_books": pb.SOURCE_ANSWER_STATUS_TIMED_OUT,
        "tmdb": pb.SOURCE_ANSWER_STATUS_FAILED,
        "igdb": pb.SOURCE_ANSWER_STATUS_THROTTLED,
        "lastfm": pb.SOURCE_ANSWER_STATUS_OFF,
    }
    assert answers["google_books"].problem == "google_books did not answer within 0.5 seconds"
    assert all(answer.problem for answer in answers.values())
    assert not answers["lastfm"].HasField("search_ms")


@pytest.mark.parametrize("garbage", [b"<html>", b"[]", b'{"results": "none"}', b"\xff\xfe"])
async def test_garbage_is_no_error_and_others_are_shown(desk, upstream, garbage):
    all_answer(upstream)
    upstream.plan("tmdb/search/multi", Answer(garbage))
    answers = await desk.search("tmdb", "igdb")
    assert not answers["tmdb"].hits
    assert len(answers["igdb"].hits) == 1


async def test_who_wants_to_be_left_alone_is_throttled_until_then(desk, upstream):
    upstream.plan("igdb/games", Answer({}, status=429, headers={"Retry-After": "30"}))
    await desk.search("igdb")
    asked = len(desk.searched())
    answers = await desk.search("igdb", query="another")
    assert answers["igdb"].status == pb.SOURCE_ANSWER_STATUS_THROTTLED
    assert answers["igdb"].problem == "igdb asks for a pause"
    assert len(desk.searched()) == asked


async def test_an_open_circuit_is_named_and_nobody_is_asked(patient, upstream):
    upstream.plan("tmdb/search/multi", Answer({}, status=500))
    for number in range(FAILURES_TO_OPEN):
        await patient.search("tmdb", query=f"quiet {number}")
    asked = len(patient.searched())
    answers = await patient.search("tmdb", query="another")
    assert answers["tmdb"].status == pb.SOURCE_ANSWER_STATUS_CIRCUIT_OPEN
    assert answers["tmdb"].problem == "tmdb temporarily unavailable"
    assert len(patient.searched()) == asked


async def test_sources_are_asked_at_the_same_time(patient, upstream):
    upstream.plan("google_books/volumes", Answer({"items": [BOOK]}, after=0.3))
    upstream.plan("tmdb/search/multi", Answer({"results": [FILM]}, after=0.3))
    answers = await patient.search("google_books", "tmdb")
    assert all(answer.status == pb.SOURCE_ANSWER_STATUS_OK for answer in answers.values())
    assert sum(answer.search_ms for answer in answers.values()) > 600
    assert max(answer.search_ms for answer in answers.values()) < 500


async def test_types_choose_sources_and_hits(desk, upstream):
    all_answer(upstream)
    answers = await desk.search(types=[media_pb2.MEDIA_TYPE_TV], hits=5)
    assert list(answers) == ["tmdb"]
    assert [hit.preview.external_id for hit in answers["tmdb"].hits] == ["tv:603"]


async def test_without_names_all_sources_are_asked_that_have_the_types(desk, upstream):
    answers = await desk.search(types=[media_pb2.MEDIA_TYPE_GAME, media_pb2.MEDIA_TYPE_MOVIE])
    assert list(answers) == ["tmdb", "igdb"]


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ({"query": "  "}, "EMPTY_QUERY"),
        ({"query": "\0"}, "EMPTY_QUERY"),
        ({"query": "x" * 257}, "QUERY_TOO_LONG"),
        ({"sources": ["nowhere"]}, "UNKNOWN_SOURCE"),
        ({"sources": ["tmdb"] * 51}, "TOO_MANY"),
        ({"media_types": [0]}, "UNKNOWN_MEDIA_TYPE"),
        ({"media_types": [99]}, "UNKNOWN_MEDIA_TYPE"),
        ({"hits_per_source": 6}, "HITS_OUT_OF_RANGE"),
        ({"hits_per_source": -1}, "HITS_OUT_OF_RANGE"),
    ],
)
async def test_a_question_that_is_none_is_refused_and_costs_nothing(desk, question, reason):
    request = pb.SearchSourcesRequest(**{"query": "Tidewatch", **question})
    call = desk.stub.SearchSources(request, metadata=desk.metadata(), timeout=5)
    error = await refusal(call)
    assert (error.kind, error.reason) == (Kind.INVALID, reason)
    assert await desk.count(SearchAllowance) == 0


async def test_the_same_question_is_answered_by_previews(desk, upstream):
    all_answer(upstream)
    first = await desk.search("tmdb", "igdb", query="Tide  Watch", hits=2)
    again = await desk.search("igdb", "tmdb", query=" tide watch", hits=2)
    assert again["tmdb"].from_previews
    assert not first["tmdb"].from_previews
    assert not again["tmdb"].HasField("search_ms")
    assert [hit.preview for hit in again["tmdb"].hits] == [
        hit.preview for hit in first["tmdb"].hits
    ]
    assert len(desk.searched()) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"query": "Tidewatch 2"},
        {"hits": 2},
        {"types": [media_pb2.MEDIA_TYPE_MOVIE]},
        {"user_id": uuid4()},
    ],
)
async def test_another_question_is_asked(desk, upstream, other):
    all_answer(upstream)
    await desk.search("tmdb")
    answers = await desk.search("tmdb", **other)
    assert not answers["tmdb"].from_previews
    assert len(desk.searched()) == 2


async def test_an_answer_without_hits_is_remembered_too(desk, upstream):
    upstream.plan("tmdb/search/multi", {"results": []})
    for _ in range(2):
        answers = await desk.search("tmdb")
        assert answers["tmdb"].status == pb.SOURCE_ANSWER_STATUS_OK
    assert len(desk.searched()) == 1


async def test_a_source_that_failed_is_asked_again_and_only_that_one(desk, upstream):
    all_answer(upstream)
    upstream.plan("tmdb/search/multi", Answer(b"<html>"), {"results": [FILM]})
    await desk.search("tmdb", "igdb")
    answers = await desk.search("tmdb", "igdb")
    assert answers["tmdb"].status == pb.SOURCE_ANSWER_STATUS_OK
    assert answers["igdb"].from_previews
    assert len(desk.searched()) == 3


async def test_what_has_expired_is_asked_again(desk, upstream):
    all_answer(upstream)
    first = await desk.show()
    await desk.age(timedelta(minutes=5))
    again = await desk.show()
    assert again.id == first.id
    assert len(desk.searched()) == 2


async def test_an_operator_sees_how_searches_ended(desk, upstream):
    before = searches()
    upstream.plan("google_books/volumes", Answer({"items": [BOOK]}, after=1))
    upstream.plan("tmdb/search/multi", {"results": [FILM]})
    upstream.plan("igdb/games", Answer({}, status=429, headers={"Retry-After": "30"}))
    for _ in range(2):
        await desk.search("google_books", "tmdb", "igdb", "lastfm")
    assert searches() - before == {
        ("google_books", "timed_out"): 2,
        ("tmdb", "ok"): 1,  # then it was in previews
        ("igdb", "throttled"): 2,  # once by its own word, then as it wants to be left alone
        ("lastfm", "off"): 2,
    }


def searches():
    """How many there were, by source and status."""
    [metric] = searches_total.collect()
    samples = (each for each in metric.samples if each.name == "source_searches_total")
    return Counter({(*each.labels.values(),): each.value for each in samples})


async def test_two_that_ask_the_same_at_once_ask_once(patient, upstream):
    upstream.plan("tmdb/search/multi", Answer({"results": [FILM]}, after=0.2))
    calls = [patient.search("tmdb") for _ in range(5)]
    answers = await asyncio.gather(*calls)
    assert len({each["tmdb"].hits[0].preview.id for each in answers}) == 1
    assert len(patient.searched()) == 1


async def test_different_questions_of_one_person_at_once_follow_no_order(desk, upstream):
    all_answer(upstream)
    sources = ("tmdb", "google_books")
    calls = [desk.search(*sources, query=f"tide {number}", hits=2) for number in range(3)]
    for answers in await asyncio.gather(*calls):
        assert all(answer.status == pb.SOURCE_ANSWER_STATUS_OK for answer in answers.values())


async def test_who_leaves_takes_the_question_along(patient, upstream):
    upstream.plan("tmdb/search/multi", Answer({"results": [FILM]}, after=0.3))
    call = asyncio.create_task(patient.search("tmdb"))
    await until(patient.searched)
    call.cancel()
    await asyncio.sleep(0.6)
    assert await patient.count(SourceAnswer) == 0


async def test_who_leaves_takes_nothing_away_from_another(patient, upstream):
    upstream.plan("tmdb/search/multi", Answer({"results": [FILM]}, after=0.3))
    leaving, staying = (asyncio.create_task(patient.search("tmdb")) for _ in range(2))
    await until(patient.searched)
    leaving.cancel()
    assert (await staying)["tmdb"].hits
    assert len(patient.searched()) == 1


@pytest.mark.usefixtures("young_minute")
async def test_a_person_may_ask_so_often_in_a_minute(desk, upstream):
    all_answer(upstream)
    for number in range(TERMS.per_minute):
        await desk.search("tmdb", query=f"tide {number}")
    error = await refusal(desk.search("tmdb", query="one more"))
    assert (error.kind, error.reason) == (Kind.RATE_LIMITED, "SEARCH_QUOTA_EXCEEDED")
    assert error.message == "External search quota exceeded (3 requests per 60s)"
    assert 0 < error.retry_after <= 60
    assert (await desk.search("tmdb", query="tide 0"))["tmdb"].from_previews
    assert (await desk.search("lastfm", query="one more"))["lastfm"].hits == []
    assert (await desk.search("tmdb", query="one more", user_id=uuid4()))["tmdb"].hits


async def test_works_of_the_catalogue_are_marked(desk, upstream, catalogue):
    all_answer(upstream)
    upstream.plan("tmdb/movie/603", FILM)
    stored = await desk.ingest("tmdb", "movie:603")
    catalogue.likenesses["google_books", "vol1"] = (
        ("tmdb", "movie:603"),
        media.MATCH_REASON_TITLE_YEAR_CREATOR,
    )
    answers = await desk.search("google_books", "tmdb", hits=2)
    film, series = answers["tmdb"].hits
    assert film.known.id == stored.item.id
    assert film.reason == media.MATCH_REASON_SOURCE_ID
    assert film.known_in_library
    assert not series.HasField("known")
    assert answers["google_books"].hits[0].reason == media.MATCH_REASON_TITLE_YEAR_CREATOR


@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.INVALID])
async def test_without_the_catalogue_nothing_is_marked(desk, upstream, catalogue, kind):
    all_answer(upstream)
    catalogue.faults["MatchMedia"] = RemoteError(kind, "REASON", "words")
    [hit] = (await desk.search("tmdb"))["tmdb"].hits
    assert not hit.HasField("known")


async def test_only_the_gateway_may_ask_and_only_for_someone(desk):
    request = pb.SearchSourcesRequest(query="Tidewatch")
    assert (await refusal(desk.stub.SearchSources(request, timeout=5))).reason == "INVALID_TOKEN"
