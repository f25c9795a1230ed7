"""What happens to a webhook that was accepted, from the row to its decision."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import orjson
import pytest
from opentelemetry.trace import INVALID_SPAN, NonRecordingSpan, SpanContext, use_span

from common.db import now
from common.errors import Kind
from common.jobs import Delivery, Lane, TryLater
from ingest.integrations.effects import Effects
from ingest.models import ContentKey, WebhookEvent
from ingest.webhooks import deciding
from tastebuds.catalog.v1.library_service_pb2 import ACTIVITY_FINISHED

from .job_desk import Counted
from .webhook_desk import (
    MOST_ATTEMPTS,
    MOST_KEPT_BYTES,
    SEEN_AT,
    Refused,
    film,
    happening_of,
    open_office,
)

SONG = {"media_type": "music", "artist": "The Lamps", "title": "Harbour Lights"}
REFUSAL = Refused(Kind.INVALID, "UNKNOWN_SOURCE", "The catalogue knows no such source")
TRACED = "an error of ours (trace 00000000000000000000000000000007)"
EPISODE = {"season": 1, "number": 3, "title": "Low Water"}


@pytest.fixture
async def office(serve, database, upstream, catalogue):
    async with open_office(serve, database, upstream, catalogue) as opened:
        yield opened


async def test_a_known_work_costs_three_statements_and_two_calls(office):
    office.know("movie:5")
    await office.deal({"what": "test"})  # connected from here on
    event_id = await office.post(film())
    with Counted() as statements:
        await office.try_once(event_id)
    assert statements() == 3
    assert office.catalogue.lookups == [("tmdb", "movie:5")]
    assert len(office.library.calls) == 1
    assert office.handed_over == []


async def test_a_decision_tells_all_that_was_found(office):
    work = office.know("movie:5")
    row = await office.deal(film(at=SEEN_AT.isoformat(), event_name="media.scrobble"))
    assert row.state == "done"
    assert row.decision == "matched by tmdb movie:5; done: consumed"
    assert (row.source, row.external_id, row.media_item_id) == ("tmdb", "movie:5", work)
    assert (row.event_name, row.title, row.occurred_at) == ("media.scrobble", "The Ferry", SEEN_AT)
    assert (row.effects, row.attempts, row.next_try_at) == (["consumed"], 1, None)
    assert row.decided_at is not None
    [entry] = row.history
    assert (entry["state"], entry["decision"]) == ("done", row.decision)
    [deed] = office.library.deeds.values()
    assert deed.activity == ACTIVITY_FINISHED
    assert deed.occurred_at.ToDatetime(SEEN_AT.tzinfo) == SEEN_AT
    assert deed.idempotency_key == f"webhook:{row.id}:{work}"


@pytest.mark.parametrize(
    ("said", "state", "decision"),
    [
        ({"what": "test"}, "test", "a test: the connection works"),
        (
            {"what": "nothing", "reason": "progress event"},
            "ignored",
            "ignored: progress event",
        ),
        ({"what": "finished"}, "ignored", "ignored: the message names no work"),
        (
            {"what": "acquired", "work": SONG | {"is_album": True}},
            "ignored",
            "ignored: an album; Tastebuds keeps tracks",
        ),
        (
            film(accounts=["ana", "7"]),
            "ignored",
            "ignored: the play is ana's; this integration takes only Bo, cy",
        ),
        (b'{"odd": 1}', "failed", "unreadable: it has no what"),
    ],
)
async def test_what_can_be_told_at_once_is_asked_nowhere(office, said, state, decision):
    await office.integrate(name="den", accounts=["Bo", "cy"])
    row = await office.deal(said)
    assert (row.state, row.decision) == (state, decision)
    assert office.catalogue.lookups == []
    assert await office.rows(ContentKey) == []


@pytest.mark.parametrize("accounts", [["bo"], ["9", "BO"], []])
async def test_plays_of_a_chosen_account_or_of_none_count(office, accounts):
    office.know("movie:5")
    await office.integrate(name="den", accounts=["Bo", "cy"])
    assert (await office.deal(film(accounts=accounts))).state == "done"


async def test_sonarr_at_the_address_of_radarr_is_told_where_to_go(office):
    said = {"eventType": "Download", "series": {"title": "Tidewatch", "tvdbId": 400001}}
    row = await office.deal(said, sender="radarr")
    assert (row.state, row.title) == ("ignored", "Tidewatch")
    assert row.decision.startswith("ignored: this looks like Sonarr's: use Sonarr's address")
    assert office.catalogue.lookups == []


async def test_whatever_can_be_read_connects_and_what_fails_is_told(office):
    assert (await office.own()).connected_at is None
    await office.deal(b"\xff\xfe no words")
    own = await office.own()
    assert own.connected_at is None
    assert own.last_error
    assert own.last_error_at
    await office.deal({"what": "test"})
    assert (await office.own()).connected_at


async def test_the_same_said_again_is_a_duplicate_while_its_window_lasts(office):
    office.know("movie:5")
    first = await office.deal(film())
    again = await office.deal(film())
    assert (again.state, again.decision) == ("duplicate", f"duplicate of {first.id}")
    assert again.duplicate_of == first.id
    later = await office.deal(film(), received_at=now() + timedelta(minutes=31))
    assert later.state == "done"
    assert len(office.library.deeds) == 2


@pytest.mark.parametrize(
    "other",
    [
        film(6),
        film(what="started"),
        film(key="another download"),
        film(accounts=["ana"]),
        film() | {"work": film()["work"] | {"media_type": "tv", "ids": {"tmdb_tv": "5"}}},
    ],
)
async def test_what_differs_is_no_duplicate(office, other):
    for external_id in ("movie:5", "movie:6", "tv:5"):
        office.know(external_id)
    assert [(await office.deal(said)).state for said in (film(), other)] == ["done", "done"]


def window_of(said):
    return deciding.window(happening_of(said))


def test_every_kind_has_its_window():
    assert window_of(film(what="acquired")) == timedelta(days=1)
    assert window_of(film(what="started")) == timedelta(hours=1)
    assert window_of(film()) == timedelta(minutes=30)
    assert window_of(film(what="unplayed")) == timedelta(minutes=10)
    assert window_of({"what": "finished", "work": SONG, "key": "1795378533"}) == timedelta(days=1)
    # Without its time nobody can tell a second listen from an echo, but for the minutes between.
    assert window_of({"what": "finished", "work": SONG}) == timedelta(minutes=2)


def test_the_same_episode_is_the_same_however_its_ids_are_ordered():
    def key(**work):
        said = {"media_type": "tv", "title": "Tidewatch", "episode": EPISODE, **work}
        return deciding.content_key("tiny", happening_of({"what": "finished", "work": said}))

    one = key(ids={"tvdb": "400001", "imdb": "tt8800001"})
    assert one == key(ids={"imdb": "tt8800001", "tvdb": "400001"})
    assert one != key(ids={"tvdb": "400001"}, episode=EPISODE | {"number": 4})
    assert key() == key(title="TIDEWATCH")


async def test_of_duplicates_that_race_one_has_the_effect(office):
    office.know("movie:5")
    posted = [await office.post(film()) for _ in range(6)]
    await asyncio.gather(*(office.try_once(event_id) for event_id in posted))
    states = sorted([(await office.row(event_id)).state for event_id in posted])
    assert states == ["done"] + ["duplicate"] * 5
    assert len(office.library.deeds) == 1


async def test_one_event_delivered_at_once_to_many_is_decided_once(office):
    office.know("movie:5")
    event_id = await office.post(film())
    await asyncio.gather(*(office.try_once(event_id) for _ in range(6)))
    row = await office.row(event_id)
    assert (row.state, row.attempts, len(row.history)) == ("done", 1, 1)
    assert len(office.library.deeds) == 1


async def test_many_happenings_in_one_body_go_their_own_ways(office):
    listens = [{"what": "finished", "work": SONG, "key": str(at)} for at in (1, 2, 2)]
    parent = await office.deal({"all": listens, "token": "s3cret"})
    assert (parent.state, parent.decision) == ("ignored", "split into 3")
    children = await office.queued()
    assert len(children) == 3
    for child in children:
        row = await office.row(child)
        assert (row.part_of, row.sender, row.state) == (parent.id, "tiny", "received")
        assert row.id > parent.id
    assert orjson.loads((await office.row(children[0])).body) == listens[0]
    assert b"s3cret" not in parent.body


async def test_splitting_again_adds_no_part(office):
    said = {"all": [film(number) for number in (5, 6)]}
    event_id = await office.post(said)
    await asyncio.gather(*(office.try_once(event_id) for _ in range(3)))
    assert len(await office.queued()) == 2
    await office.change(event_id, state="received")
    await office.try_once(event_id)
    assert await office.queued() == []
    assert len(await office.rows(WebhookEvent)) == 3


async def test_a_decided_body_is_json_without_secrets(office):
    office.know("movie:5")
    row = await office.deal(film(api_token="s3cret"))
    assert row.content_type == "application/json"
    assert b"s3cret" not in row.body
    assert orjson.loads(row.body)["work"]["title"] == "The Ferry"


async def test_a_body_is_kept_up_to_a_size(office):
    office.know("movie:5")
    padding = "x" * MOST_KEPT_BYTES
    done = await office.deal(film(padding=padding))
    assert done.body is None
    assert done.body_bytes > MOST_KEPT_BYTES
    assert done.history[0]["decision"].endswith("the body is larger than is kept")
    assert "larger" not in done.decision
    unmatched = await office.deal({"what": "finished", "work": SONG, "padding": padding})
    assert unmatched.state == "waiting"
    assert len(unmatched.body) > MOST_KEPT_BYTES  # something may follow from it yet
    raw = await office.deal(b"\xff" * MOST_KEPT_BYTES)
    assert raw.body == b"\xff" * MOST_KEPT_BYTES
    assert (await office.deal(b"\xff" * (MOST_KEPT_BYTES + 1))).body is None


async def test_text_that_postgres_cannot_store_stops_nothing(office):
    office.know("movie:5")
    said = film(event_name="a\x00b" + "c" * 200, note="n\x00")
    said["work"] = said["work"] | {"title": "The\x00 Ferry" * 90}
    row = await office.deal(said)
    assert row.state == "done"
    assert row.event_name.startswith("abc")


@pytest.mark.parametrize("state", ["done", "ignored", "duplicate", "test", "dismissed"])
async def test_what_is_over_or_gone_is_left_alone(office, state):
    office.know("movie:5")
    event_id = await office.post(film(), state=state)
    await office.try_once(event_id)
    await office.try_once(uuid4())
    assert (await office.row(event_id)).history == []
    assert office.library.calls == []


async def test_a_dismissal_meanwhile_holds(office, upstream):
    upstream.plan("tmdb/movie/5")  # not known there
    event_id = await office.post(film())
    trying = asyncio.create_task(office.try_once(event_id))
    while not upstream.asked:
        await asyncio.sleep(0.001)
    await office.change(event_id, state="dismissed")
    assert await asyncio.wait_for(trying, 5) is None
    assert (await office.row(event_id)).state == "dismissed"


async def test_events_accepted_before_the_revocation_still_count(office):
    office.know("movie:5")
    await office.integrate(name="old", revoked_at=now(), token_hash=None)
    assert (await office.deal(film())).state == "done"


async def test_every_effect_off_is_a_reason_too(office):
    nothing = Effects(ingest=False, library=False).to_json()
    await office.integrate(name="off", effects=nothing)
    row = await office.deal(film())
    assert row.decision == "ignored: every effect of this integration is switched off"


@pytest.mark.parametrize(
    ("span", "why"),
    [
        (INVALID_SPAN, "an error of ours"),
        (NonRecordingSpan(SpanContext(trace_id=7, span_id=1, is_remote=False)), TRACED),
    ],
)
async def test_giving_up_is_told_to_whoever_looks(office, span, why):
    event_id = await office.post(film(token="s3cret"))
    with use_span(span):
        await office.desk.give_up(event_id)
    row = await office.row(event_id)
    assert (row.state, row.next_try_at) == ("failed", None)
    assert row.decision == f"given up: {why}"
    assert b"s3cret" not in row.body
    assert (await office.own()).last_error == why
    office.know("movie:5")
    await office.try_once(event_id)  # its dead letter is replayed
    assert (await office.row(event_id)).state == "done"


async def test_what_a_peer_refuses_is_told_and_ends_with_the_tries(office):
    office.catalogue.faults["FindMediaBySource"] = REFUSAL
    event_id = await office.post(film())
    lane = Lane("webhooks", most_attempts=2, backoff_seconds=(3.0,))
    for attempt in (1, 2):
        with pytest.raises(TryLater, match=REFUSAL.message) as later:
            await office.desk.deal_with(event_id, Delivery(lane, event_id, attempt))
        assert later.value.after == 3.0
    history = (await office.row(event_id)).history
    assert [each["decision"] for each in history] == [
        REFUSAL.message,
        f"given up: {REFUSAL.message}",
    ]


async def test_an_emptied_body_says_so(office):
    event_id = await office.post(film())
    await office.change(event_id, body=None)
    await office.try_once(event_id)
    assert (await office.row(event_id)).decision == "unreadable: its body is not kept any more"


async def test_a_history_has_its_latest_twenty_entries(office):
    event_id = await office.post(film())
    for number in range(23):
        said = {"what": "nothing", "reason": str(number)}
        await office.change(event_id, state="received", body=orjson.dumps(said))
        await office.try_once(event_id)
    history = (await office.row(event_id)).history
    assert [entry["decision"] for entry in history] == [
        f"ignored: {number}" for number in range(3, 23)
    ]


def test_pauses_grow_until_a_person_has_to_look():
    found = deciding.NoMatch("who knows", may_change=True)
    lane = Lane("tmdb", most_attempts=MOST_ATTEMPTS)
    decisions = [deciding.unmatched(found, Delivery(lane, uuid4(), n)) for n in range(1, 7)]
    assert [each.again_after for each in decisions] == [60, 600, 3600, 21600, 86400, None]
    assert {each.words for each in decisions} == {"needs a match: who knows"}
    assert decisions[-1].state == "needs_match"
    last = Delivery(Lane("tmdb", most_attempts=2), uuid4(), 2)
    assert deciding.unmatched(found, last).state == "needs_match"
