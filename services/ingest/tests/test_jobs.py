"""Jobs through their door, and their works through the handler of their lanes."""

import asyncio
from collections import Counter
from dataclasses import replace
from uuid import uuid4

import grpc
import pytest

from common.errors import DomainError, Kind
from common.grpc_errors import from_rpc_error
from common.grpc_interceptor import DatabaseUnavailable
from ingest.consumers import on_user_deleted
from ingest.models import Idempotency, IngestJob, IngestJobItem
from tastebuds.auth.v1.account_events_pb2 import UserDeleted
from tastebuds.ingest.v1 import job_pb2
from tastebuds.ingest.v1 import job_service_pb2 as pb

from .job_desk import LANE, MOST_UNFINISHED, MOVIE, Counted, film, open_desk
from .upstream_stub import Answer, FakeTime

STATES = job_pb2.JobState
ITEMS = job_pb2.JobItemState
BROKEN = Answer({"error": "broken"}, status=500)


class Refused(DomainError):
    kind = Kind.INVALID
    reason = "INVALID_MEDIA"

    def __init__(self):
        super().__init__("A title may be at most 500 characters long.")


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture
async def desk(serve, people, database, upstream, catalogue, time):
    async with open_desk(
        serve, people, database, upstream, catalogue, clock=time.clock()
    ) as opened:
        yield opened


@pytest.fixture
def films(upstream):
    """`films(3)`: TMDB knows the films 1 to 3."""

    def plan(count):
        for number in range(1, count + 1):
            upstream.plan(f"tmdb/movie/{number}", MOVIE | {"id": number})
        return [film(number) for number in range(1, count + 1)]

    return plan


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc_error(caught.value)


def states(items):
    return [ITEMS.Name(item.state).removeprefix("JOB_ITEM_STATE_").lower() for item in items]


async def test_a_job_brings_its_works_in_one_by_one(desk, films, catalogue):
    job = await desk.start(*films(2))
    assert (job.state, job.total, job.version) == (STATES.JOB_STATE_QUEUED, 2, 1)
    assert await desk.said() == ["IngestJobChanged"]
    first, second = await desk.sent()
    assert await desk.take(first) is None
    job = await desk.job(job.id)
    assert (job.state, job.done, job.version) == (STATES.JOB_STATE_RUNNING, 1, 2)
    assert await desk.said() == ["IngestJobChanged"]
    assert await desk.take(second) is None
    reply = await desk.get(job.id)
    assert (reply.job.state, reply.job.done) == (STATES.JOB_STATE_SUCCEEDED, 2)
    assert reply.job.HasField("finished_at")
    assert (reply.job.attempts, reply.job.last_error) == (1, "")
    assert await desk.said() == ["IngestJobChanged", "IngestJobFinished"]
    assert [item.position for item in reply.items] == [0, 1]
    known = {item.id for item in catalogue.items.values()}
    assert {item.media_item_id for item in reply.items} == known


async def test_only_what_changed_since_a_version_is_read(desk, films):
    job = await desk.start(*films(2))
    _, second = await desk.sent()
    await desk.take(second)
    [item] = await desk.items(job.id, since=job.version)
    assert (item.position, item.state, item.version) == (1, ITEMS.JOB_ITEM_STATE_DONE, 2)
    assert await desk.items(job.id, since=2) == []
    assert await desk.items(job.id, since=2**63 - 1) == []


async def test_what_no_try_could_bring_in_fails_in_words_at_once(desk, films):
    [known] = films(1)
    job = await desk.start(
        known,
        pb.WantedMedia(source="nowhere" * 20 + "\0", external_id="1"),
        pb.WantedMedia(source="tmdb", external_id="x" * 5000),
        pb.WantedMedia(source="lastfm", url="https://www.last.fm/music/A/_/B"),
    )
    items = await desk.items(job.id)
    assert states(items) == ["queued", "failed", "failed", "failed"]
    assert items[1].last_error.startswith("Unknown source: nowhere")
    assert "tmdb" in items[2].last_error
    assert len(items[2].external_id) == 2048
    assert "INGEST_LASTFM_KEY" in items[3].last_error
    assert items[3].external_id == "https://www.last.fm/music/A/_/B"
    assert (job.failed, job.last_error) == (3, items[3].last_error)
    assert len(await desk.sent()) == 1


async def test_a_job_whose_works_have_all_failed_is_over_at_once(desk):
    job = await desk.start(pb.WantedMedia(source="nowhere", external_id="1"))
    assert job.state == STATES.JOB_STATE_FAILED
    assert await desk.said() == ["IngestJobChanged", "IngestJobFinished"]
    assert (await refusal(desk.retry(job.id))).reason == "NOTHING_TO_RETRY"


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([], "NOTHING_WANTED"),
        ([film(1)] * 501, "TOO_MANY"),
        ([film(1), pb.WantedMedia(source="tmdb")], "IDENTIFIER_REQUIRED"),
        ([film(1), pb.WantedMedia(source="nowhere", external_id=" \0")], "IDENTIFIER_REQUIRED"),
    ],
)
async def test_what_is_no_job_is_refused(desk, items, reason):
    error = await refusal(desk.start(*items))
    assert error.reason == reason
    assert error.metadata["field"] == ("items" if len(items) != 2 else "items[1]")


async def test_what_is_asked_for_alone_does_not_stand_behind_batches(desk, films):
    alone = await desk.start(*films(1))
    await desk.start(film(1), pb.WantedMedia(source="google_books", external_id="volume1"))
    sent = await desk.sent()
    assert [each.lane for each in sent] == ["tmdb", "tmdb-bulk", "google_books-bulk"]
    await desk.pass_an_hour()
    assert await desk.send_forgotten() == 3
    assert [each.lane for each in await desk.sent()] == [each.lane for each in sent]
    await desk.cancel(alone.id)


async def test_addresses_and_duplicates_are_works_too(desk, films, upstream):
    films(1)
    url = "https://www.themoviedb.org/movie/1-tidewatch"
    job = await desk.start(film(1), film(1), pb.WantedMedia(source="tmdb", url=url))
    assert await desk.take_all() == [None] * 3
    items = await desk.items(job.id)
    assert {item.external_id for item in items} == {"movie:1"}
    assert len({item.media_item_id for item in items}) == 1
    assert upstream.paths() == ["/tmdb/movie/1"]


async def test_a_message_that_comes_again_changes_nothing(desk, films, upstream):
    job = await desk.start(*films(2))
    first, _ = await desk.sent()
    for _ in range(3):
        assert await desk.take(first) is None
    job = await desk.job(job.id)
    assert (job.done, job.version) == (1, 2)
    assert upstream.paths() == ["/tmdb/movie/1"]


async def test_a_failure_worth_waiting_for_is_told_and_tried_again(desk, upstream, time):
    upstream.plan("tmdb/movie/1", BROKEN, BROKEN, BROKEN, MOVIE | {"id": 1})
    job = await desk.start(film(1))
    [sent] = await desk.sent()
    later = await desk.take(sent)
    assert later.counted
    assert 2 <= later.after <= 3
    reply = await desk.get(job.id)
    assert reply.job.state == STATES.JOB_STATE_WAITING
    assert (reply.job.attempts, reply.job.last_error) == (1, "tmdb is not available: status 500")
    assert reply.job.next_try_at == reply.items[0].next_try_at
    await desk.pass_the_wait()
    assert await desk.take(sent.again()) is None
    job = await desk.job(job.id)
    assert (job.state, job.attempts, job.last_error) == (STATES.JOB_STATE_SUCCEEDED, 2, "")
    assert not job.HasField("next_try_at")


async def test_a_wait_that_was_told_of_but_not_begun_begins(desk, upstream):
    upstream.plan("tmdb/movie/1", BROKEN)
    job = await desk.start(film(1))
    [sent] = await desk.sent()
    first, asked = await desk.take(sent), len(upstream.asked)
    after_a_crash = await desk.take(sent)
    assert after_a_crash.counted
    assert first.after - 1 < after_a_crash.after <= first.after
    assert len(upstream.asked) == asked
    assert (await desk.job(job.id)).version == 2


async def test_retry_after_is_honoured_and_an_open_circuit_waited_for(desk, upstream, time):
    upstream.plan("tmdb/movie/1", Answer({}, status=429, headers={"Retry-After": "300"}))
    job = await desk.start(film(1), film(2))
    throttled, refused = await desk.take_all()
    assert 300 <= throttled.after <= 375
    assert 299 <= refused.after <= 375
    assert upstream.paths() == ["/tmdb/movie/1"]
    items = await desk.items(job.id)
    assert [item.last_error for item in items] == [
        "tmdb asks for a pause",
        "tmdb temporarily unavailable",
    ]
    await time.pass_by(301, upstream.database)


@pytest.mark.parametrize(
    "answer",
    [
        BROKEN,
        Answer({"id": 1}, after=5),
        Answer(b"<html>a proxy's page</html>"),
        Answer({"status_message": "no"}, status=401),
    ],
    ids=["500", "hangs", "garbage", "refused key"],
)
async def test_every_trouble_of_an_upstream_is_waited_out(desk, upstream, time, answer):
    upstream.plan("tmdb/movie/1", answer)
    job = await desk.start(film(1))
    [sent] = await desk.sent()
    assert await desk.take(sent)
    assert "tmdb" in (await desk.job(job.id)).last_error
    upstream.plan("tmdb/movie/1", MOVIE | {"id": 1})
    await desk.pass_the_wait()
    await time.pass_by(1000, upstream.database)
    assert await desk.take(sent.again()) is None
    assert (await desk.job(job.id)).state == STATES.JOB_STATE_SUCCEEDED


async def test_what_the_source_does_not_have_has_failed(desk, upstream):
    job = await desk.start(film(1))
    [sent] = await desk.sent()
    assert await desk.take(sent) is None
    [item] = await desk.items(job.id)
    assert (item.state, item.attempts) == (ITEMS.JOB_ITEM_STATE_FAILED, 1)
    assert item.last_error == "tmdb has no item movie:1"
    asked = len(upstream.asked)
    assert await desk.take(sent) is None  # its acknowledgement was lost
    assert len(upstream.asked) == asked


@pytest.mark.parametrize("rpc", ["FindMediaBySource", "UpsertMedia"])
async def test_what_the_catalogue_refuses_has_failed_in_its_words(desk, films, catalogue, rpc):
    catalogue.faults[rpc] = Refused()
    job = await desk.start(*films(1))
    [sent] = await desk.sent()
    assert await desk.take(sent) is None
    [item] = await desk.items(job.id)
    assert (item.state, item.attempts) == (ITEMS.JOB_ITEM_STATE_FAILED, 1)
    assert item.last_error == "A title may be at most 500 characters long."


async def test_an_error_of_ours_is_told_without_its_words(desk, films, catalogue):
    catalogue.faults["UpsertMedia"] = ValueError("select secret")
    job = await desk.start(*films(1))
    [sent] = await desk.sent()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.take(sent)
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    [item] = await desk.items(job.id)
    assert (item.state, item.attempts) == (ITEMS.JOB_ITEM_STATE_WAITING, 1)
    assert item.last_error == "an error of ours"
    assert item.HasField("next_try_at")
    sent.attempt = LANE.most_attempts
    await desk.pass_the_wait()
    with pytest.raises(grpc.aio.AioRpcError):
        await desk.take(sent)
    await desk.due.give_up(sent.body, sent.delivery(), "INTERNAL: select secret")
    job = await desk.job(job.id)
    assert (job.state, job.attempts) == (STATES.JOB_STATE_FAILED, LANE.most_attempts)
    assert job.last_error == "an error of ours"


async def test_what_never_got_to_its_row_is_given_up_as_an_error_of_ours(desk, films):
    job = await desk.start(*films(1))
    [sent] = await desk.sent()
    await desk.due.give_up(sent.body, sent.delivery(), "Hung: The handler had not ended.")
    assert (await desk.job(job.id)).last_error == "an error of ours"


async def test_a_peer_that_is_away_costs_no_attempt(desk, films, catalogue):
    catalogue.faults["FindMediaBySource"] = DatabaseUnavailable()
    job = await desk.start(*films(1))
    [sent] = await desk.sent()
    with pytest.raises(grpc.aio.AioRpcError):
        await desk.take(sent)
    [item] = await desk.items(job.id)
    assert (item.state, item.attempts) == (ITEMS.JOB_ITEM_STATE_QUEUED, 0)


async def test_a_source_that_was_switched_off_fails_its_works(desk, upstream, films):
    job = await desk.start(*films(1))
    [sent] = await desk.sent()
    async with desk.due.database.sessions.begin() as session:
        [item] = await desk.rows(IngestJobItem)
        item.source, item.external_id = "lastfm", "a::b"
        await session.merge(item)
    assert await desk.take(sent) is None
    assert "INGEST_LASTFM_KEY" in (await desk.job(job.id)).last_error


async def test_the_last_try_gives_up_and_a_letter_sent_again_revives(desk, upstream, time):
    upstream.plan("tmdb/movie/1", BROKEN)
    job = await desk.start(film(1))
    [sent] = await desk.sent()
    sent.attempt = LANE.most_attempts
    later = await desk.take(sent)
    assert later.counted
    assert await desk.said() == ["IngestJobChanged"] * 2
    for _ in range(2):
        await desk.due.give_up(sent.body, sent.delivery(), str(later))
    job = await desk.job(job.id)
    assert (job.state, job.attempts) == (STATES.JOB_STATE_FAILED, LANE.most_attempts)
    assert job.last_error == "tmdb is not available: status 500"
    assert await desk.said() == ["IngestJobChanged", "IngestJobFinished"]
    assert await desk.take(sent) is None  # over
    upstream.plan("tmdb/movie/1", MOVIE | {"id": 1})
    await time.pass_by(1000, upstream.database)
    sent.attempt = 1
    more_patient = replace(LANE, most_attempts=LANE.most_attempts + 1)
    assert await desk.take(sent, more_patient) is None
    job = await desk.job(job.id)
    assert (job.state, job.attempts, job.failed) == (STATES.JOB_STATE_SUCCEEDED, 1, 0)


async def test_a_cancelled_job_asks_nothing_more(desk, films, upstream):
    job = await desk.start(*films(3))
    first, *others = await desk.sent()
    await desk.take(first)
    await desk.said()
    job = await desk.cancel(job.id)
    assert (job.state, job.done, job.cancelled) == (STATES.JOB_STATE_CANCELLED, 1, 2)
    assert [await desk.take(sent) for sent in others] == [None, None]
    assert upstream.paths() == ["/tmdb/movie/1"]
    assert states(await desk.items(job.id)) == ["done", "cancelled", "cancelled"]
    assert await desk.cancel(job.id) == await desk.job(job.id) == job
    assert await desk.said() == ["IngestJobChanged", "IngestJobFinished"]
    assert (await refusal(desk.retry(job.id))).reason == "NOTHING_TO_RETRY"


async def test_counts_are_true_whatever_happens_at_once(desk, films):
    works = films(12)
    for _ in range(3):
        job = await desk.start(*works)
        sent = await desk.sent()
        twice = [desk.take(each) for each in sent + sent]
        cancels = [desk.cancel(job.id) for _ in range(2)]
        await asyncio.gather(*twice[:10], *cancels, *twice[10:])
        reply = await desk.get(job.id)
        seen = Counter(states(reply.items))
        assert (seen["done"], seen["cancelled"]) == (reply.job.done, reply.job.cancelled)
        assert (await desk.said()).count("IngestJobFinished") == 1


async def test_a_retry_replaces_the_waits(desk, upstream, time):
    upstream.plan("tmdb/movie/1", BROKEN)
    upstream.plan("tmdb/movie/3", MOVIE | {"id": 3})
    job = await desk.start(film(1), film(2), film(3))
    waiting, _, _ = sent = await desk.sent()
    for each in sent:
        await desk.take(each)
    job = await desk.job(job.id)
    assert (job.state, job.done, job.failed) == (STATES.JOB_STATE_WAITING, 1, 1)
    job = await desk.retry(job.id)
    assert (job.state, job.failed, job.attempts) == (STATES.JOB_STATE_RUNNING, 0, 1)
    assert states(await desk.items(job.id)) == ["queued", "queued", "done"]
    for number in (1, 2):
        upstream.plan(f"tmdb/movie/{number}", MOVIE | {"id": number})
    asked = len(upstream.asked)
    assert await desk.take(waiting.again()) is None
    assert len(upstream.asked) == asked
    assert await desk.take_all() == [None, None]
    assert (await desk.job(job.id)).state == STATES.JOB_STATE_SUCCEEDED


async def test_an_allowance_that_is_used_up_is_no_failure(
    serve, people, database, upstream, catalogue, films
):
    async with open_desk(serve, people, database, upstream, catalogue, per_minute=2) as desk:
        job = await desk.start(*films(5))
        waits = [later for later in await desk.take_all() if later]
        assert not any(later.counted for later in waits)
        assert len(waits) >= 3
        turns = [later.after // 60 for later in waits]
        assert turns == sorted(turns)
        job = await desk.job(job.id)
        assert (job.done + len(waits), job.failed, job.attempts) == (5, 0, 1)
        assert "quota" in job.last_error
        items = await desk.items(job.id)
        assert all(item.attempts == (item.state == ITEMS.JOB_ITEM_STATE_DONE) for item in items)


async def test_jobs_of_others_do_not_exist(desk, films):
    job = await desk.start(*films(1))
    for call in (desk.get, desk.cancel, desk.retry):
        assert (await refusal(call(job.id, user_id=uuid4()))).reason == "JOB_NOT_FOUND"
        assert (await refusal(call("x"))).reason == "INVALID_ID"
    assert (await desk.job(job.id)).state == STATES.JOB_STATE_QUEUED


async def test_one_person_cannot_have_any_number_of_unfinished_jobs(desk, films):
    [work] = films(1)
    jobs = [await desk.start(work) for _ in range(MOST_UNFINISHED)]
    error = await refusal(desk.start(work))
    assert (error.reason, error.metadata["limit"]) == ("JOB_LIMIT_REACHED", str(MOST_UNFINISHED))
    await desk.start(work, user_id=uuid4())
    await desk.cancel(jobs[0].id)
    starts = [desk.start(work) for _ in range(5)]
    started = await asyncio.gather(*starts, return_exceptions=True)
    assert sum(isinstance(each, job_pb2.Job) for each in started) == 1


async def test_the_same_request_starts_one_job(desk, films):
    works = films(2)
    job = await desk.start(*works, key="once")
    assert await desk.start(*works, key="once") == job
    assert len(await desk.rows(IngestJob)) == 1
    assert (await refusal(desk.start(works[0], key="once"))).reason == "IDEMPOTENCY_KEY_REUSED"


async def test_jobs_are_listed_newest_first_in_pages(desk):
    nowhere = pb.WantedMedia(source="nowhere", external_id="1")
    ids = [(await desk.start(nowhere)).id for _ in range(5)]
    await desk.start(nowhere, user_id=uuid4())
    seen, token = [], ""
    while True:
        page = await desk.page(page_size=2, page_token=token)
        seen.append([job.id for job in page.jobs])
        token = page.next_page_token
        if not token:
            break
    assert seen == [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]
    for bad in ({"page_size": 101}, {"page_size": -1}, {"page_token": "x"}):
        assert (await refusal(desk.page(**bad))).reason == "INVALID_PAGE"


async def test_nothing_of_somebody_who_left_stays(desk, films):
    await desk.start(*films(2), key="once")
    sent = await desk.sent()
    async with desk.due.database.sessions.begin() as session:
        await on_user_deleted(session, UserDeleted(user_id=str(desk.user_id)))
    for model in (IngestJob, IngestJobItem, Idempotency):
        assert await desk.rows(model) == []
    assert await desk.take(sent[0]) is None


async def test_large_jobs_cost_as_many_statements_as_small_ones(desk, films):
    works = [film(number) for number in range(1, 501)]
    with Counted() as statements:
        job = await desk.start(*works)
    assert statements() == 7
    sent = await desk.sent()
    assert len(sent) == 500
    with Counted() as statements:
        await desk.get(job.id)
    assert statements() == 2
    with Counted() as statements:
        await desk.page()
    assert statements() == 1
    films(1)
    with Counted() as statements:
        await desk.take(sent[0])
    # Five are for what replicas share of a source, one of them for its first request ever.
    assert statements() == 7 + 5
    with Counted() as statements:
        await desk.cancel(job.id)
    assert statements() == 5
