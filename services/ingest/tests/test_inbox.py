"""What stands in a person's inbox, and what they do about it."""

import asyncio
from datetime import UTC, timedelta
from uuid import UUID, uuid4

import grpc
import orjson
import pytest

from common.access import services_of
from common.db import now
from common.grpc_errors import from_rpc_error
from common.timestamps import timestamp
from ingest.inbox.servicer import InboxServicer
from ingest.models import Outbox
from ingest.webhooks import deciding, repository
from ingest.webhooks.records import Conclusion, Kept
from ingest.webhooks.redaction import REDACTED
from tastebuds.catalog.v1 import library_pb2
from tastebuds.catalog.v1.library_service_pb2 import (
    ACTIVITY_NOTED,
    ACTIVITY_UNDONE,
    RecordActivityResponse,
)
from tastebuds.ingest.v1 import inbox_service_pb2 as pb
from tastebuds.ingest.v1.inbox_service_pb2_grpc import (
    InboxServiceStub,
    add_InboxServiceServicer_to_server,
)

from .job_desk import Counted
from .webhook_desk import MOST_KEPT_BYTES, SEEN_AT, film, open_office

SERVICES = services_of(pb.DESCRIPTOR)
CONSUMED = library_pb2.CONSUMPTION_STATUS_CONSUMED
DROPPED = library_pb2.CONSUMPTION_STATUS_DROPPED
UNKNOWN = {"what": "finished", "work": {"media_type": "movie", "title": "Nobody Knows It"}}


class Reader:
    """Calls as one person: `await ana.get(event_id)`."""

    def __init__(self, channel, metadata):
        self._stub = InboxServiceStub(channel)
        self._metadata = metadata

    async def ask(self, rpc, request):
        return await getattr(self._stub, rpc)(request, metadata=self._metadata, timeout=10)

    async def list(self, **wanted):
        return await self.ask("ListWebhookEvents", pb.ListWebhookEventsRequest(**wanted))

    async def get(self, event_id):
        request = pb.GetWebhookEventRequest(webhook_event_id=str(event_id))
        return await self.ask("GetWebhookEvent", request)

    async def resolve(self, event_id, **work):
        request = pb.ResolveWebhookEventRequest(webhook_event_id=str(event_id), **work)
        return (await self.ask("ResolveWebhookEvent", request)).event

    async def dismiss(self, event_id):
        request = pb.DismissWebhookEventRequest(webhook_event_id=str(event_id))
        return (await self.ask("DismissWebhookEvent", request)).event

    async def replay(self, event_id):
        request = pb.ReplayWebhookEventRequest(webhook_event_id=str(event_id))
        return (await self.ask("ReplayWebhookEvent", request)).event

    async def undo(self, event_id):
        request = pb.AcceptUndoRequest(webhook_event_id=str(event_id))
        return (await self.ask("AcceptUndo", request)).event


@pytest.fixture
async def office(serve, database, upstream, catalogue):
    async with open_office(serve, database, upstream, catalogue, lastfm_key=None) as opened:
        yield opened


@pytest.fixture
async def reader_of(serve, office, people):
    """`reader_of(user_id)`: that person's inbox."""
    desk = office.desk

    def add(server):
        servicer = InboxServicer(
            desk.database,
            desk.matcher.connectors,
            desk.senders,
            desk.peers.library,
            MOST_KEPT_BYTES,
        )
        add_InboxServiceServicer_to_server(servicer, server)

    async with serve("ingest", SERVICES, add) as connect:
        channel = connect("gateway")
        yield lambda user_id: Reader(channel, people.metadata(user_id))


@pytest.fixture
def ana(reader_of, office):
    return reader_of(office.integration.user_id)


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc_error(caught.value)


async def test_newest_come_first_page_by_page_without_bodies(ana, office):
    ids = [str(await office.post(film(number))) for number in range(5)]
    with Counted() as statements:
        first = await ana.list(page_size=2)
    assert statements() == 1
    second = await ana.list(page_size=2, page_token=first.next_page_token)
    third = await ana.list(page_size=2, page_token=second.next_page_token)
    pages = [first, second, third]
    assert [event.id for page in pages for event in page.events] == ids[::-1]
    assert third.next_page_token == ""
    event = first.events[0]
    assert event.integration_id == str(office.integration.id)
    assert (event.integration_name, event.sender) == ("default", "tiny")
    assert event.state == pb.WEBHOOK_EVENT_STATE_RECEIVED
    assert event.body_bytes > 0


async def test_filters_by_state_sender_and_integration(ana, office):
    done = await office.post(film(), state="done")
    other = await office.post(film(), state="ignored", sender="plex")
    await office.integrate(name="attic", user_id=office.integration.user_id)
    attic = await office.post(film(), state="test")

    async def found(**wanted):
        return {UUID(event.id) for event in (await ana.list(**wanted)).events}

    assert await found() == {done, other, attic}
    assert await found(states=[pb.WEBHOOK_EVENT_STATE_DONE]) == {done}
    states = [pb.WEBHOOK_EVENT_STATE_DONE, pb.WEBHOOK_EVENT_STATE_TEST]
    assert await found(states=states) == {done, attic}
    assert await found(senders=["plex"]) == {other}
    assert await found(integration_id=str(office.integration.id)) == {attic}
    assert await found(states=[99]) == await found(senders=["a\0"]) == set()


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"page_size": 101}, "INVALID_PAGE"),
        ({"page_size": -1}, "INVALID_PAGE"),
        ({"page_token": "x"}, "INVALID_PAGE"),
        ({"integration_id": "x"}, "INVALID_ID"),
        ({"senders": ["x"] * 51}, "TOO_MANY"),
    ],
)
async def test_what_cannot_be_listed_says_why(ana, wanted, reason):
    assert (await refusal(ana.list(**wanted))).reason == reason


async def test_an_event_tells_what_became_of_it(ana, office):
    work = office.know("movie:5")
    row = await office.deal(film(at=SEEN_AT.isoformat()), address="203.0.113.7")
    with Counted() as statements:
        reply = await ana.get(row.id)
    assert statements() == 1
    event = reply.event
    assert event.state == pb.WEBHOOK_EVENT_STATE_DONE
    assert event.decision == row.decision
    assert (event.source, event.external_id) == ("tmdb", "movie:5")
    assert event.media_item_id == str(work)
    assert (list(event.effects), event.title) == (["consumed"], "The Ferry")
    assert event.occurred_at.ToDatetime(SEEN_AT.tzinfo) == SEEN_AT
    assert reply.address == "203.0.113.7"
    assert orjson.loads(reply.body) == film(at=SEEN_AT.isoformat())
    [attempt] = reply.attempts
    assert (attempt.state, attempt.decision) == (event.state, event.decision)


async def test_secrets_are_not_shown_though_nobody_has_decided_yet(ana, office):
    event_id = await office.post(film(token="hush", url="https://example.org/?api_key=hush"))
    reply = await ana.get(event_id)
    assert b"hush" not in reply.body
    assert orjson.loads(reply.body)["token"] == REDACTED
    assert reply.content_type == "application/json"
    assert b"hush" in (await office.row(event_id)).body


async def test_what_cannot_be_read_is_shown_as_it_came(ana, office):
    event_id = await office.post(b"no json")
    reply = await ana.get(event_id)
    assert (reply.body, reply.content_type) == (b"no json", "text/plain")
    await office.change(event_id, body=None)
    assert (await ana.get(event_id)).body == b""


async def test_a_work_of_the_catalogue_can_be_chosen(ana, office):
    row = await office.deal(UNKNOWN)
    assert row.state in {"waiting", "needs_match"}
    assert await office.queued() == []
    work = office.know("movie:5")
    with Counted() as statements:
        event = await ana.resolve(row.id, media_item_id=str(work))
    assert statements() == 3
    assert event.state == pb.WEBHOOK_EVENT_STATE_RECEIVED
    assert event.decision == f"chosen by you: {work}"
    assert await office.queued() == [row.id]
    await office.try_once(row.id)
    row = await office.row(row.id)
    assert (row.state, row.media_item_id) == ("done", work)
    assert [entry["decision"] for entry in row.history][1] == f"chosen by you: {work}"
    assert len(office.library.deeds) == 1


async def test_the_same_choice_again_is_no_news(ana, office):
    row = await office.deal(UNKNOWN)
    work = office.know("movie:5")
    for state in (pb.WEBHOOK_EVENT_STATE_RECEIVED, pb.WEBHOOK_EVENT_STATE_DONE):
        for _ in range(2):
            assert (await ana.resolve(row.id, source="tmdb", external_id="movie:5")).state == state
        await office.try_once(row.id)
    event = await ana.resolve(row.id, media_item_id=str(work))
    assert event.state == pb.WEBHOOK_EVENT_STATE_DONE
    assert await office.queued() == [row.id]
    assert len((await office.row(row.id)).history) == 3


async def test_a_wrong_match_is_corrected_and_what_it_did_stays(ana, office):
    wrong, meant = office.know("movie:5"), office.know("movie:6")
    row = await office.deal(film())
    event = await ana.resolve(row.id, media_item_id=str(meant))
    assert event.state == pb.WEBHOOK_EVENT_STATE_RECEIVED
    assert event.decision == (
        f"chosen by you: {meant} instead of tmdb movie:5; what was done for that stays"
    )
    assert await office.queued() == [row.id]
    await office.try_once(row.id)
    row = await office.row(row.id)
    assert (row.state, row.media_item_id, row.effects) == ("done", meant, ["consumed"])
    recorded = [deed.media_item_id for deed in office.library.deeds.values()]
    assert recorded == [str(wrong), str(meant)]


@pytest.mark.parametrize("is_id", [True, False])
async def test_a_replay_keeps_what_a_person_chose(ana, office, is_id):
    row = await office.deal(UNKNOWN)
    work = office.know("movie:5")
    choice = {"media_item_id": str(work)} if is_id else {"source": "tmdb", "external_id": "movie:5"}
    await ana.resolve(row.id, **choice)
    for _ in range(2):
        event = await ana.replay(row.id)
        assert event.decision == "replayed by you, with your choice"
        await office.try_once(row.id)
        assert (await office.row(row.id)).media_item_id == work
    assert len(office.library.deeds) == 1


async def test_a_choice_holds_against_a_try_that_began_before_it(ana, office):
    event_id = await office.post(UNKNOWN)
    before = await office.desk._find(event_id)
    work = office.know("movie:5")
    await ana.resolve(event_id, media_item_id=str(work))
    kept = Kept(b"{}", "application/json")
    late = Conclusion(decision=deciding.given_up("too late"), at=now(), kept=kept)
    async with office.desk.database.sessions.begin() as session:
        assert not await repository.settle(session, before, late)
    await office.try_once(event_id)
    assert (await office.row(event_id)).state == "done"


async def test_an_id_at_a_source_can_be_chosen_as_its_page_too(ana, office):
    row = await office.deal(UNKNOWN)
    work = office.know("movie:7")
    url = "https://www.themoviedb.org/movie/7-the-ferry"
    event = await ana.resolve(row.id, source="tmdb", external_id=url)
    assert (event.source, event.external_id) == ("tmdb", "movie:7")
    await office.try_once(row.id)
    assert (await office.row(row.id)).media_item_id == work


async def test_even_somebody_elses_play_may_be_chosen_after_all(ana, office):
    await office.integrate(accounts=["ana"], user_id=office.integration.user_id, name="den")
    work = office.know("movie:5")
    row = await office.deal(film(accounts=["bob"]))
    assert row.state == "ignored"
    await ana.resolve(row.id, media_item_id=str(work))
    await office.try_once(row.id)
    assert (await office.row(row.id)).state == "done"


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        ({}, "WORK_REQUIRED"),
        ({"media_item_id": str(uuid4()), "source": "tmdb"}, "WORK_REQUIRED"),
        ({"media_item_id": "x"}, "INVALID_ID"),
        ({"source": "tmdb"}, "IDENTIFIER_REQUIRED"),
        ({"source": "tmdb", "external_id": "a film"}, "UNUSABLE_IDENTIFIER"),
        ({"source": "nowhere", "external_id": "1"}, "UNKNOWN_SOURCE"),
        ({"source": "lastfm", "external_id": "a::b"}, "SOURCE_OFF"),
    ],
)
async def test_what_cannot_be_chosen_says_why(ana, office, work, reason):
    row = await office.deal(UNKNOWN)
    assert (await refusal(ana.resolve(row.id, **work))).reason == reason
    assert (await office.row(row.id)).state == row.state


@pytest.mark.parametrize(
    "said",
    [
        {"what": "test"},
        {"what": "nothing", "reason": "progress event"},
        {"all": [film(1), film(2)]},
        b"no json",
    ],
)
async def test_no_work_can_be_chosen_for_what_is_about_none(ana, office, said):
    row = await office.deal(said)
    error = await refusal(ana.resolve(row.id, media_item_id=str(uuid4())))
    assert error.reason == "EVENT_HAS_NO_WORK"


async def test_dismissed_events_stay_so_whatever_still_comes_for_them(ana, office):
    event_id = await office.post(film(token="hush"))
    with Counted() as statements:
        event = await ana.dismiss(event_id)
    assert statements() == 2
    assert event.state == pb.WEBHOOK_EVENT_STATE_DISMISSED
    assert event.decision == "dismissed by you"
    assert event.HasField("decided_at")
    office.know("movie:5")
    await office.try_once(event_id)
    row = await office.row(event_id)
    assert row.state == "dismissed"
    assert b"hush" not in row.body  # it is decided, so its secrets go
    assert office.library.deeds == {}
    assert await ana.dismiss(event_id) == event
    assert len((await office.row(event_id)).history) == 1


async def test_a_dismissed_body_that_is_too_large_is_not_kept(ana, office):
    event_id = await office.post(film(pad="x" * MOST_KEPT_BYTES))
    await ana.dismiss(event_id)
    assert (await office.row(event_id)).body is None


async def test_a_replay_decides_anew_and_repeats_no_effect(ana, office):
    office.know("movie:5")
    row = await office.deal(film())
    with Counted() as statements:
        event = await ana.replay(row.id)
    assert statements() == 3
    assert event.state == pb.WEBHOOK_EVENT_STATE_RECEIVED
    assert (event.attempts, event.source, event.media_item_id) == (0, "", "")
    assert await office.queued() == [row.id]
    await office.try_once(row.id)
    row = await office.row(row.id)
    assert row.state == "done"
    assert [entry["decision"] for entry in row.history][1] == "replayed by you"
    assert len(row.history) == 3
    assert len(office.library.calls) == 2
    assert len(office.library.deeds) == 1


async def test_a_replay_needs_the_body(ana, office):
    row = await office.deal(UNKNOWN)
    await office.change(row.id, body=None)
    assert (await refusal(ana.replay(row.id))).reason == "BODY_NOT_KEPT"
    error = await refusal(ana.resolve(row.id, media_item_id=str(uuid4())))
    assert error.reason == "BODY_NOT_KEPT"


async def test_the_history_is_the_latest_twenty(ana, office):
    event_id = await office.post(film())
    for _ in range(25):
        await ana.replay(event_id)
    await ana.dismiss(event_id)
    attempts = (await ana.get(event_id)).attempts
    assert len(attempts) == 20
    assert attempts[-1].decision == "dismissed by you"


async def test_an_undo_is_taken_once(ana, office):
    work = office.know("movie:5")
    row = await office.deal(film(what="unplayed", at=SEEN_AT.isoformat()))
    assert row.state == "undo_offered"
    with Counted() as statements:
        event = await ana.undo(row.id)
    assert statements() == 3
    assert event.state == pb.WEBHOOK_EVENT_STATE_DONE
    assert event.decision == "undone by you: want to consume"
    assert list(event.effects) == ["want to consume"]
    [deed] = office.library.deeds.values()
    assert (deed.activity, deed.media_item_id) == (ACTIVITY_UNDONE, str(work))
    assert deed.idempotency_key == f"undo:{row.id}:{work}"
    assert deed.user_id == str(office.integration.user_id)
    assert deed.occurred_at.ToDatetime(SEEN_AT.tzinfo) == SEEN_AT
    assert await ana.undo(row.id) == event
    assert len(office.library.calls) == 1


@pytest.mark.parametrize(
    ("episode", "note"),
    [
        ({"season": 1, "number": 2, "title": "Low Water"}, "S01E02 · Low Water"),
        ({"ids": {"tvdb": "7000003"}}, "An episode"),
    ],
)
async def test_of_an_episode_it_is_only_noted(ana, office, episode, note):
    series = office.know("tv:9")
    ids = {"tmdb_tv": "9"}
    work = {"media_type": "tv", "title": "Tidewatch", "ids": ids, "episode": episode}
    row = await office.deal({"what": "unplayed", "work": work})
    event = await ana.undo(row.id)
    words = "noted in the diary, currently consuming as before"
    assert (event.decision, list(event.effects)) == (f"undone by you: {words}", [words])
    assert event.state == pb.WEBHOOK_EVENT_STATE_DONE
    [deed] = office.library.deeds.values()
    assert (deed.activity, deed.media_item_id) == (ACTIVITY_NOTED, str(series))
    assert deed.notes == f"{note}: marked as not played"
    assert deed.idempotency_key == f"undo:{row.id}:{series}"


async def test_without_its_body_nobody_knows_whether_it_was_an_episode(ana, office):
    office.know("movie:5")
    row = await office.deal(film(what="unplayed"))
    await office.change(row.id, body=None)
    assert (await refusal(ana.undo(row.id))).reason == "BODY_NOT_KEPT"
    assert office.library.calls == []


@pytest.mark.parametrize("ahead", [None, timedelta(days=-1), timedelta(days=1)])
async def test_an_undo_counts_from_the_un_playing_whenever_it_is_taken(ana, office, ahead):
    office.know("movie:5")
    told = {"at": (SEEN_AT + ahead).isoformat()} if ahead else {}
    row = await office.deal(film(what="unplayed", **told), received_at=SEEN_AT)
    await ana.undo(row.id)
    [deed] = office.library.calls
    assert deed.occurred_at.ToDatetime(UTC) == min(SEEN_AT, SEEN_AT + (ahead or timedelta()))


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (None, "the work is not in your library"),
        ({"status": DROPPED}, 'the work is "dropped" in your library'),
        (
            {"status": CONSUMED, "finished_at": timestamp(SEEN_AT)},
            'the work is "consumed" in your library, last finished on 2026-11-22',
        ),
    ],
)
async def test_where_there_is_nothing_to_take_back_the_event_says_so(ana, office, state, why):
    office.know("movie:5")
    row = await office.deal(film(what="unplayed"))
    known = None if state is None else library_pb2.UserState(**state)
    office.library.instead = RecordActivityResponse(state=known)
    event = await ana.undo(row.id)
    assert event.state == pb.WEBHOOK_EVENT_STATE_DISMISSED
    assert event.decision == f"nothing here to take back: {why}"
    assert list(event.effects) == []
    assert await ana.undo(row.id) == event
    assert len(office.library.calls) == 1


async def test_an_undo_that_an_earlier_try_did_is_done(ana, office):
    office.know("movie:5")
    row = await office.deal(film(what="unplayed"))
    await ana.undo(row.id)
    await office.change(row.id, state="undo_offered", decision="", effects=[])
    event = await ana.undo(row.id)
    assert event.state == pb.WEBHOOK_EVENT_STATE_DONE
    assert event.decision == "undone by you: want to consume"
    assert len(office.library.calls) == 2
    assert len(office.library.deeds) == 1


async def test_undone_twice_at_once_is_undone_once(ana, office):
    office.know("movie:5")
    row = await office.deal(film(what="unplayed"))
    events = await asyncio.gather(*(ana.undo(row.id) for _ in range(4)))
    assert {event.state for event in events} == {pb.WEBHOOK_EVENT_STATE_DONE}
    assert len(office.library.deeds) == 1
    assert len((await office.row(row.id)).history) == 2


async def test_only_what_is_offered_can_be_taken(ana, office):
    office.know("movie:5")
    done = await office.deal(film())
    assert (await refusal(ana.undo(done.id))).reason == "NOTHING_OFFERED"
    offered = await office.deal(film(what="unplayed"))
    await ana.dismiss(offered.id)
    assert (await refusal(ana.undo(offered.id))).reason == "NOTHING_OFFERED"


async def test_somebody_elses_events_are_not_there(ana, office, reader_of):
    event_id, bob = await office.post(film()), reader_of(uuid4())
    calls = (bob.get, bob.dismiss, bob.replay, bob.undo)
    for call in (*(each(event_id) for each in calls), ana.get(uuid4())):
        assert (await refusal(call)).reason == "WEBHOOK_EVENT_NOT_FOUND"
    error = await refusal(bob.resolve(event_id, media_item_id=str(uuid4())))
    assert error.reason == "WEBHOOK_EVENT_NOT_FOUND"
    assert list((await bob.list()).events) == []
    assert (await office.row(event_id)).state == "received"
    assert await office.rows(Outbox) == []
