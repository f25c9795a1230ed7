"""Ingesting while nobody waits: jobs that go on trying, and that one can watch."""

import json
import threading

import pytest

OVER = {"succeeded", "partial", "failed", "cancelled"}
WORKS = [
    {"source": "tmdb", "external_id": "movie:900001"},
    {"source": "tmdb", "external_id": "tv:210001"},
    {"source": "google_books", "external_id": "sLt_7-QAAB"},
    {"source": "tmdb", "external_id": "movie:1"},
]


@pytest.fixture
def job(curator):
    return lambda job_id: curator.get(f"/api/ingest/jobs/{job_id}").json()


def events_of(client, job_id, last_id=None):
    """(id, event, data) of each server-sent event until the stream ends."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with client.stream("GET", f"/api/ingest/jobs/{job_id}/events", headers=headers) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        event = {}
        for line in reply.iter_lines():
            if not line and "data" in event:
                yield event.get("id"), event.get("event"), json.loads(event["data"])
                event = {}
            name, _, value = line.partition(": ")
            if name:
                event[name] = value


def test_a_batch_ends_with_each_work_done_or_explained(curator, job, eventually):
    reply = curator.post("/api/ingest/batch", json={"items": WORKS})
    assert reply.status_code == 202, reply.text
    job_id = reply.json()["id"]
    assert reply.headers["Location"] == f"/api/ingest/jobs/{job_id}"
    eventually(lambda: job(job_id)["state"] in OVER)
    ended = job(job_id)
    assert (ended["state"], ended["done"], ended["failed"]) == ("partial", 3, 1)
    last = ended["items"][3]
    assert last["state"] == "failed"
    assert "movie:1" in last["last_error"]
    assert all(item["media_item_id"] for item in ended["items"][:3])
    assert curator.get("/api/ingest/jobs").json()[0]["id"] == job_id


def test_what_fails_for_now_becomes_a_job_that_goes_on_trying(curator, job, world, eventually):
    world.fault["google_books"] = 429
    wanted = {"external_id": "bareVolume01"}
    plain = curator.post("/api/ingest/google_books", json=wanted)
    assert plain.status_code == 503
    reply = curator.post(
        "/api/ingest/google_books", json=wanted, headers={"Prefer": "respond-async"}
    )
    assert reply.status_code == 202, reply.text
    waiting = reply.json()
    assert waiting["attempts"] == 1
    assert waiting["next_try_at"]
    assert "google_books" in waiting["last_error"]
    world.fault.clear()
    eventually(lambda: job(waiting["id"])["state"] == "succeeded", 60)


def test_the_progress_can_be_watched_and_taken_up_again(curator, join):
    job_id = curator.post("/api/ingest/batch", json={"items": WORKS}).json()["id"]
    seen = list(events_of(curator, job_id))
    *_, (last_id, name, data) = seen
    assert name == "finished"
    assert data["job"]["state"] == "partial"
    assert {item["position"] for _, _, each in seen for item in each["items"]} == {0, 1, 2, 3}
    versions = [int(each) for each, _, _ in seen]
    assert versions == sorted(set(versions))
    resumed = list(events_of(curator, job_id, last_id))
    assert [(each, name) for each, name, _ in resumed] == [(last_id, "finished")]
    assert join().get(f"/api/ingest/jobs/{job_id}/events").status_code == 404


def test_a_job_is_cancelled_while_its_source_hangs(curator, job, world, eventually):
    world.fault["tmdb"] = "hang"
    items = [{"source": "tmdb", "external_id": f"movie:{number}"} for number in range(2, 30)]
    job_id = curator.post("/api/ingest/batch", json={"items": items}).json()["id"]
    watcher = []
    thread = threading.Thread(target=lambda: watcher.extend(events_of(curator, job_id)))
    thread.start()
    cancelled = curator.post(f"/api/ingest/jobs/{job_id}/cancel")
    assert cancelled.status_code == 200, cancelled.text
    eventually(lambda: job(job_id)["state"] == "cancelled")
    thread.join(20)
    assert watcher
    assert watcher[-1][2]["job"]["state"] == "cancelled"
