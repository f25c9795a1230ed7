import time
from uuid import uuid4

import pytest

from common.errors import Kind
from gateway.schemas.inbox import TO_WIRE
from tastebuds.ingest.v1 import inbox_service_pb2 as inbox_pb

from .inbox_stand_ins import keep_event
from .stand_ins import Fact
from .test_hygiene import check_problem

EVENT_FIELDS = {
    "id", "integration_id", "integration_name", "sender", "state", "decision", "event_name",
    "title", "received_at", "occurred_at", "decided_at", "attempts", "next_try_at", "source",
    "external_id", "media_item_id", "duplicate_of", "effects", "suggestions", "body_bytes",
}  # fmt: skip
OLD_FIELDS = {
    "id", "provider", "event_type", "source_name", "source_id", "title", "status", "error",
    "media_item_id", "created_at", "processed_at",
}  # fmt: skip
INBOX, QUEUE = "/api/integrations/inbox", "/api/integrations/arr/queue"
TIDEWATCH = inbox_pb.Suggestion(
    source="tmdb", external_id="tv:210001", title="Tidewatch", year=2021
)


@pytest.fixture
def keep(world, ada_id):
    """`keep("done", title=…)`: one of Ada's events."""

    def make(state, **fields):
        return keep_event(world, ada_id, TO_WIRE[state], **fields)

    return make


async def test_events_are_listed_with_their_decisions(ada, keep, world):
    keep("needs_match", decision="needs a match: the id is the episode's", suggestions=[TIDEWATCH])
    answer = await ada.get(f"{INBOX}?limit=1&state=needs_match&state=waiting&sender=radarr")
    (event,) = answer.json()
    assert set(event) == EVENT_FIELDS
    assert event["decision"] == "needs a match: the id is the episode's"
    assert event["suggestions"] == [
        {"source": "tmdb", "external_id": "tv:210001", "title": "Tidewatch", "year": 2021}
    ]
    assert event["media_item_id"] is event["occurred_at"] is None
    asked = world.requests[-1]
    assert list(asked.states) == [TO_WIRE["needs_match"], TO_WIRE["waiting"]]
    assert (list(asked.senders), asked.page_size) == (["radarr"], 1)
    assert "cursor=older" in answer.headers["link"]
    assert "state=needs_match&state=waiting" in answer.headers["link"]
    integration_id = str(uuid4())
    await ada.get(f"{INBOX}?integration_id={integration_id}&cursor=older")
    assert world.requests[-1].integration_id == integration_id


@pytest.mark.parametrize(
    "query",
    ["state=odd", "state=", "state=DONE", "integration_id=x", "limit=0", "limit=101",
     "sender=" + "x" * 65, "sender=%00", "cursor=%00", "state=done&" * 11],
)  # fmt: skip
async def test_odd_filters(ada, query):
    check_problem(await ada.get(f"{INBOX}?{query}"), 422)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"eventType":"Test","series":{"id":1}}', {"eventType": "Test", "series": {"id": 1}}),
        (b"[1.5,null]", [1.5, None]),
        (b"", None),
        (b"eventType=Test", "eventType=Test"),
        (b'{"a":NaN}', '{"a":NaN}'),
        (b'"\\ud800"', '"\\ud800"'),
        (b"\xff\x00", "\ufffd\0"),
        (b"[" * 101 + b"]" * 101, "[" * 101 + "]" * 101),
        (b"[" * 5000 + b"]" * 5000, "[" * 5000 + "]" * 5000),
        (b"[" * 300 + b"]" * 300, "[" * 300 + "]" * 300),
        (b"1" * 400, "1" * 400),
    ],
    ids=range(11),
)
async def test_an_event_has_its_body_and_what_was_tried(ada, keep, body, shown):
    event = keep("waiting", body=body)
    answer = await ada.get(f"{INBOX}/{event.id}")
    assert answer.status_code == 200, answer.text
    detail = answer.json()
    assert set(detail) == EVENT_FIELDS | {"body", "content_type", "address", "history"}
    assert detail["body"] == shown
    (tried,) = detail["history"]
    assert (tried["state"], tried["decision"]) == ("waiting", "tmdb is away")


async def test_a_person_decides(ada, keep, world):
    path = f"{INBOX}/{keep('needs_match').id}"
    media_item_id = str(uuid4())
    answer = await ada.post(f"{path}/resolve", json={"media_item_id": media_item_id})
    assert set(answer.json()) == EVENT_FIELDS
    assert (answer.json()["state"], answer.json()["media_item_id"]) == ("done", media_item_id)
    body = {"source": "tmdb", "external_id": "tv:210001"}
    assert (await ada.post(f"{path}/resolve", json=body)).status_code == 200
    assert (world.requests[-1].source, world.requests[-1].media_item_id) == ("tmdb", "")
    assert (await ada.post(f"{path}/replay")).json()["state"] == "received"
    assert (await ada.post(f"{path}/dismiss")).json()["state"] == "dismissed"
    assert check_problem(await ada.post(f"{path}/undo"), 409)["reason"] == "NOTHING_OFFERED"
    answer = await ada.post(f"{INBOX}/{keep('undo_offered').id}/undo")
    assert answer.json()["state"] == "done"
    answer = await ada.post(f"{INBOX}/{keep('failed', body=b'').id}/replay")
    assert check_problem(answer, 409)["reason"] == "BODY_NOT_KEPT"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"source": "tmdb"},
        {"external_id": "tv:1"},
        {"source": "", "external_id": ""},
        {"media_item_id": str(uuid4()), "source": "tmdb", "external_id": "tv:1"},
        {"media_item_id": "x"},
        {"source": "tmdb", "external_id": "x" * 513},
        {"source": "a\0", "external_id": "x"},
        None,
    ],
)
async def test_odd_resolutions(ada, keep, body):
    check_problem(await ada.post(f"{INBOX}/{keep('needs_match').id}/resolve", json=body), 422)


async def test_foreign_events_read_as_missing(ada, world):
    theirs = keep_event(world, uuid4(), TO_WIRE["undo_offered"])
    for event_id in (theirs.id, uuid4()):
        check_problem(await ada.get(f"{INBOX}/{event_id}"), 404)
        for part in ("resolve", "dismiss", "replay", "undo"):
            body = {"media_item_id": str(uuid4())}
            check_problem(await ada.post(f"{INBOX}/{event_id}/{part}", json=body), 404)
        for part in ("ingest", "dismiss"):
            problem = check_problem(await ada.post(f"{QUEUE}/{event_id}/{part}"), 404)
            assert problem["detail"] == "Ingest event not found"


@pytest.mark.parametrize(
    ("status", "states"),
    [
        ("pending", {"received", "waiting", "needs_match"}),
        ("ingested", {"done"}),
        ("skipped", {"ignored", "duplicate", "test", "dismissed", "undo_offered"}),
        ("failed", {"failed"}),
    ],
)
async def test_the_old_queue_has_the_old_words(ada, keep, world, status, states):
    for state in TO_WIRE:
        keep(state, decision="for a reason", source="tmdb", external_id="tv:1", event_name="Grab")
    listed = (await ada.get(QUEUE, params={"status_filter": status})).json()
    assert len(listed) == len(states)
    for row in listed:
        assert set(row) == OLD_FIELDS
        assert (row["provider"], row["status"], row["event_type"]) == ("arr", status, "Grab")
        assert (row["source_name"], row["source_id"]) == ("tmdb", "tv:1")
    told = [row["error"] for row in listed]
    untold = states & {"received", "done"}
    assert told.count("for a reason") == len(states) - len(untold)
    assert told.count(None) == len(untold)
    asked = world.requests[-1]
    assert {state for state, number in TO_WIRE.items() if number in asked.states} == states
    assert set(asked.senders) == {"arr", "radarr", "sonarr", "lidarr", "readarr"}
    assert asked.page_size == 50
    assert len((await ada.get(QUEUE)).json()) == len(TO_WIRE)


async def test_an_unknown_status_is_a_bad_request(ada):
    for status in ("odd", "PENDING", " "):
        problem = check_problem(await ada.get(QUEUE, params={"status_filter": status}), 400)
        assert problem["reason"] == "UNKNOWN_STATUS_FILTER"
    check_problem(await ada.get(f"{QUEUE}?status_filter=%00"), 422)


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ({"source": "tmdb", "external_id": "movie:7"}, ("tmdb", "movie:7")),
        ({"suggestions": [TIDEWATCH]}, ("tmdb", "tv:210001")),
    ],
)
async def test_the_old_queue_ingests_what_is_known_or_suggested(ada, keep, world, known, asked):
    event = keep("needs_match", **known)
    row = (await ada.post(f"{QUEUE}/{event.id}/ingest")).json()
    assert row["status"] == "ingested"
    assert (world.requests[-1].source, world.requests[-1].external_id) == asked
    again = (await ada.post(f"{QUEUE}/{event.id}/ingest")).json()
    assert again == row
    assert world.calls["ResolveWebhookEvent"] == 1


async def test_the_old_queue_says_what_cannot_be(ada, keep, world):
    event = keep("waiting", source="igdb", external_id="7")
    answer = await ada.post(f"{QUEUE}/{event.id}/ingest")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["error"]) == ("failed", "igdb has no item 7")
    event = keep("received")
    assert (await ada.post(f"{QUEUE}/{event.id}/ingest")).json()["status"] == "pending"
    assert world.calls["ReplayWebhookEvent"] == 1
    world.broken["ReplayWebhookEvent"] = Fact(Kind.UNAVAILABLE, "DATABASE_UNAVAILABLE", "Away")
    check_problem(await ada.post(f"{QUEUE}/{event.id}/ingest"), 503)
    event = keep("needs_match")
    row = (await ada.post(f"{QUEUE}/{event.id}/dismiss")).json()
    assert (row["status"], row["error"]) == ("skipped", "dismissed")


@pytest.mark.parametrize(
    ("state", "status"),
    [("needs_match", "failed"), ("waiting", "pending"), ("done", "ingested")],
)
async def test_the_old_queue_waits_a_moment_for_the_decision(ada, keep, world, state, status):
    event = keep("needs_match", source="tmdb", external_id="movie:99", decision="no such film")
    world.decides = TO_WIRE[state]
    row = (await ada.post(f"{QUEUE}/{event.id}/ingest")).json()
    assert row["status"] == status
    assert row["error"] == (None if state == "done" else "no such film")


async def test_the_old_queue_does_not_wait_for_ever(ada, keep, world):
    event = keep("received")
    began = time.monotonic()
    row = (await ada.post(f"{QUEUE}/{event.id}/ingest")).json()
    assert 2 <= time.monotonic() - began < 4
    assert (row["status"], row["error"]) == ("pending", None)


async def test_the_old_queue_has_only_the_events_of_the_arr_apps(ada, keep, world):
    event = keep("needs_match", sender="jellyfin", source="tmdb", external_id="movie:7")
    for part in ("ingest", "dismiss"):
        problem = check_problem(await ada.post(f"{QUEUE}/{event.id}/{part}"), 404)
        assert problem["detail"] == "Ingest event not found"
    assert event.state == TO_WIRE["needs_match"]
