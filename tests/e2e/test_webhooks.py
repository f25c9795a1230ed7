"""What media servers and download managers send arrives in the library, once, with its reason."""

import json
import secrets
import time
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

MOVIE = {"id": 12, "title": "The Quiet Harbour", "year": 2019, "tmdbId": 900001}
SERIES = {"id": 5, "title": "Tidewatch", "tvdbId": 400001, "type": "standard"}
IMPORT = {
    "eventType": "Download",
    "instanceName": "Radarr",
    "movie": MOVIE,
    "remoteMovie": {"tmdbId": 900001, "title": "The Quiet Harbour", "year": 2019},
    "isUpgrade": False,
    "downloadId": "ABC123",
}


@pytest.fixture
def door(stack):
    """The door of ingest, where senders post without any account."""
    with httpx.Client(base_url=stack.webhook_url()) as door:
        yield door


@pytest.fixture
def connect(curator):
    """`connect("plex")`: the path to post to, and the integration."""

    def make(sender, **changes):
        reply = curator.post(f"/api/integrations/{sender}/webhook-token", json={})
        assert reply.status_code == 200, reply.text
        minted = reply.json()
        if changes:
            changed = curator.patch(f"/api/integrations/webhooks/{minted['id']}", json=changes)
            assert changed.status_code == 200, changed.text
        return urlsplit(minted["webhook_url"]).path

    return make


@pytest.fixture
def decided(curator, eventually):
    """`decided(event_id)`: the event, once it is neither new nor waiting."""

    def wait(event_id, *states, seconds=20):
        wanted = set(states) or {"done", "ignored", "duplicate", "test", "needs_match", "failed"}

        def event():
            return curator.get(f"/api/integrations/inbox/{event_id}").json()

        eventually(lambda: event()["state"] in wanted, seconds)
        return event()

    return wait


def multipart(event):
    return {"payload": (None, json.dumps(event)), "thumb": ("t.jpg", b"\xff\xd8", "image/jpeg")}


def test_an_import_of_radarr_comes_into_catalogue_and_library(
    curator, door, connect, decided, eventually
):
    path = connect("radarr")
    accepted = door.post(path, json=IMPORT)
    assert accepted.status_code == 202, accepted.text
    event = decided(accepted.json()["id"])
    assert event["state"] == "done", event
    assert "movie:900001" in event["decision"]
    media_id = event["media_item_id"]
    assert curator.get(f"/api/media/{media_id}").json()["title"] == "The Quiet Harbour"
    states = {one["media_item_id"]: one for one in curator.get("/api/me/states").json()}
    assert states[media_id]["status"] == "want_to_consume"

    again = decided(door.post(path, json=IMPORT).json()["id"])
    assert again["state"] == "duplicate"
    assert event["id"] in again["decision"]


def test_a_film_seen_at_plex_is_consumed_once(curator, door, connect, decided):
    path = connect("plex")
    event = {
        "event": "media.scrobble",
        "Account": {"id": 1, "title": "ana"},
        "Metadata": {
            "type": "movie",
            "title": "The Quiet Harbour",
            "ratingKey": "901",
            "Guid": [{"id": "tmdb://900001"}],
        },
    }
    first = decided(door.post(path, files=multipart(event)).json()["id"])
    second = decided(door.post(path, files=multipart(event)).json()["id"])
    assert (first["state"], second["state"]) == ("done", "duplicate")
    state = next(
        one
        for one in curator.get("/api/me/states").json()
        if one["media_item_id"] == first["media_item_id"]
    )
    assert state["status"] == "consumed"
    logs = curator.get("/api/me/logs").json()
    assert [log["log_type"] for log in logs] == ["finished"]


def test_an_episode_is_a_step_in_its_series_and_never_the_whole(curator, door, connect, decided):
    path = connect("jellyfin")
    event = {
        "NotificationType": "PlaybackStop",
        "ItemType": "Episode",
        "Name": "Low Water",
        "SeriesName": "Tidewatch",
        "SeasonNumber": 1,
        "EpisodeNumber": 3,
        "Provider_tvdb": "8100003",
        "PlayedToCompletion": True,
        "UtcTimestamp": "2026-11-22T21:10:31Z",
        "UserId": "0f0e0d0c0b0a09080706050403020100",
        "NotificationUsername": "ana",
    }
    accepted = door.post(path, content=json.dumps(event), headers={"Content-Type": "text/plain"})
    done = decided(accepted.json()["id"])
    assert done["state"] == "done", done
    assert (done["source"], done["external_id"]) == ("tmdb", "tv:210001")
    (log,) = curator.get("/api/me/logs").json()
    assert log["log_type"] == "progress"
    assert log["logged_at"] == "2026-11-22T21:10:31Z"
    assert "S01E03" in log["notes"]


def test_what_radarr_sent_to_the_old_address_stands_in_the_old_queue(
    curator, door, decided, eventually
):
    minted = curator.post("/api/integrations/arr/webhook-token").json()
    assert minted["provider"] == "arr"
    token = minted["webhook_url"].rpartition("/")[2]
    accepted = door.post(f"/api/integrations/arr/webhook/{token}", json=IMPORT)
    assert accepted.status_code in {200, 202}, accepted.text

    def ingested():
        return curator.get("/api/integrations/arr/queue?status_filter=ingested").json()

    eventually(lambda: len(ingested()) == 1)
    (row,) = ingested()
    assert (row["source_name"], row["source_id"]) == ("tmdb", "movie:900001")
    assert curator.get("/api/integrations/arr/queue?status_filter=odd").status_code == 400


def test_the_test_button_connects_and_creates_nothing(curator, door, connect, decided):
    path = connect("sonarr")
    test = {"eventType": "Test", "series": {"id": 1, "title": "Test Title", "tvdbId": 1234}}
    event = decided(door.post(path, json=test).json()["id"])
    assert event["state"] == "test"
    row = next(r for r in curator.get("/api/integrations").json() if r["provider"] == "sonarr")
    assert row["connected"]
    assert curator.get("/api/me/states").json() == []


def test_a_draft_menu_grows_by_what_arrives(curator, door, connect, decided, make_menu):
    menu = make_menu("Arrivals of the week", courses=1, items=1)
    effects = {"ingest": True, "library": False, "tags": ["new"], "menu_id": menu["id"]}
    path = connect("radarr", effects=effects)
    event = decided(door.post(path, json=IMPORT).json()["id"])
    assert event["state"] == "done", event
    (course,) = curator.get(f"/api/menus/{menu['id']}").json()["courses"]
    assert [item["media_item_id"] for item in course["items"]][1:] == [event["media_item_id"]]
    assert curator.get("/api/me/states").json() == []


def test_what_cannot_be_told_for_sure_waits_and_a_person_says(
    curator, door, connect, decided, add_work
):
    path = connect("generic")
    event = {"event": "finished", "media_type": "movie", "title": "Nobody Knows It", "year": 1931}
    waiting = decided(door.post(path, json=event).json()["id"], "waiting", "needs_match")
    assert "needs a match" in waiting["decision"]
    work = add_work(f"Nobody Knows It {uuid4().hex}")
    resolved = curator.post(
        f"/api/integrations/inbox/{waiting['id']}/resolve", json={"media_item_id": work}
    )
    assert resolved.status_code == 200, resolved.text
    assert decided(waiting["id"], "done")["media_item_id"] == work


def test_unplayed_offers_an_undo_and_deletes_nothing(curator, door, connect, decided):
    path = connect("jellyfin")
    event = {
        "NotificationType": "UserDataSaved",
        "SaveReason": "TogglePlayed",
        "ItemType": "Movie",
        "Name": "The Quiet Harbour",
        "Provider_tmdb": "900001",
        "NotificationUsername": "ana",
    }
    seen = decided(door.post(path, json={**event, "Played": True}).json()["id"])
    assert seen["state"] == "done", seen
    offer = decided(door.post(path, json={**event, "Played": False}).json()["id"], "undo_offered")
    (state,) = curator.get("/api/me/states").json()
    assert state["status"] == "consumed"
    undone = curator.post(f"/api/integrations/inbox/{offer['id']}/undo")
    assert undone.status_code == 200, undone.text
    (state,) = curator.get("/api/me/states").json()
    assert state["status"] == "want_to_consume"
    assert "finished" in [log["log_type"] for log in curator.get("/api/me/logs").json()]


def test_an_undo_takes_back_no_more_than_was_unplayed(curator, door, connect, decided):
    jellyfin, other = connect("jellyfin"), connect("generic")
    saved = {"NotificationType": "UserDataSaved", "SaveReason": "TogglePlayed"}
    series = {"SeriesName": "Tidewatch", "Provider_tvdb": "8100003", "SeasonNumber": 1}
    film = {"ItemType": "Movie", "Name": "The Quiet Harbour", "Provider_tmdb": "900001"}

    def send(item, played, day):
        event = {**saved, **item, "Played": played, "UtcTimestamp": f"2025-11-{day:02}T20:00:00Z"}
        accepted = door.post(jellyfin, json=event).json()
        return decided(accepted["id"], "done" if played else "undo_offered")

    def undo(offer):
        reply = curator.post(f"/api/integrations/inbox/{offer['id']}/undo")
        assert reply.status_code == 200, reply.text
        return reply.json()

    def status_of(event):
        states = curator.get("/api/me/states").json()
        return {one["media_item_id"]: one["status"] for one in states}.get(event["media_item_id"])

    work = {"media_type": "movie", "ids": {"tmdb": 900001}}
    accepted = door.post(other, json=work | {"event": "unplayed"}).json()
    missing = undo(decided(accepted["id"], "undo_offered"))
    assert missing["state"] == "dismissed"
    assert missing["decision"] == "nothing here to take back: the work is not in your library"
    assert status_of(missing) is None

    episodes = [
        series | {"ItemType": "Episode", "Name": f"Part {number}", "EpisodeNumber": number}
        for number in (1, 2, 3)
    ]
    for episode in episodes:
        send(episode, played=True, day=1)
    taken = undo(send(episodes[1], played=False, day=2))
    assert (taken["state"], status_of(taken)) == ("done", "currently_consuming")
    (note, *_) = curator.get("/api/me/logs").json()
    assert (note["log_type"], note["notes"]) == ("note", "S01E02 · Part 2: marked as not played")

    send(film, played=True, day=1)
    offer = send(film, played=False, day=2)
    again = {"event": "finished", "occurred_at": "2025-11-10T20:00:00Z"}
    decided(door.post(other, json=work | again).json()["id"], "done")
    refused = undo(offer)
    assert (refused["state"], status_of(refused)) == ("dismissed", "consumed")
    assert refused["decision"].endswith("last finished on 2025-11-10")


def test_an_upstream_that_is_away_delays_and_loses_nothing(
    curator, door, connect, decided, world, eventually
):
    path = connect("sonarr")
    world.fault["tmdb"] = 429
    event = {"eventType": "SeriesAdd", "series": SERIES | {"tvdbId": 400001, "tmdbId": 7}}
    accepted = door.post(path, json=event)
    waiting = decided(accepted.json()["id"], "waiting", "done")
    world.fault.clear()
    if waiting["state"] == "waiting":
        assert waiting["next_try_at"]
    done = decided(accepted.json()["id"], "done", seconds=60)
    assert done["external_id"] == "tv:7"


def test_strangers_and_floods_are_turned_away(curator, door, connect):
    path = connect("radarr")
    assert door.post(path.rpartition("/")[0] + "/" + "x" * 43, json=IMPORT).status_code == 404
    assert door.get(path).status_code == 405
    full = b'{"eventType": "Health"' + b" " * (1024 * 1024 - 23) + b"}"
    assert door.post(path, content=full).status_code == 202
    assert door.post(path, content=full + b" ").status_code == 413
    (integration,) = next(
        r["webhooks"] for r in curator.get("/api/integrations").json() if r["provider"] == "radarr"
    )
    assert curator.delete(f"/api/integrations/webhooks/{integration['id']}").status_code == 204
    assert door.post(path, json=IMPORT).status_code == 404


def test_a_token_stands_nowhere_but_in_its_answer(curator, door, connect, decided, stack, receiver):
    path = connect("plex")
    token = path.rpartition("/")[2]
    decided(door.post(path, content=b"no json").json()["id"], "failed", "ignored")
    door.post(path + "x", json={})
    time.sleep(1)
    logs = b"".join(file.read_bytes() for file in stack.home.logs.glob("*.log"))
    assert token.encode() not in logs
    assert not any(token.encode() in body for body in list(receiver.bodies))


def test_one_trace_goes_from_the_door_to_the_diary(door, connect, decided, receiver, eventually):
    trace_id = secrets.token_hex(16)
    sampled = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    decided(door.post(connect("radarr"), json=IMPORT, headers=sampled).json()["id"])
    expected = {
        ("ingest", "POST /api/webhooks/{provider}/{token}"),
        ("ingest", "consume job.ingest.webhooks.WebhookReceived"),
        ("catalog", "/tastebuds.catalog.v1.LibraryService/RecordActivity"),
    }

    def named():
        return {(span.service, span.name) for span in receiver.of_trace(trace_id)}

    eventually(lambda: expected <= named())


def test_other_people_see_nothing_of_it(curator, join, door, connect, decided):
    path = connect("radarr")
    event = decided(door.post(path, json=IMPORT).json()["id"])
    stranger = join()
    for address in ("", "/resolve", "/dismiss", "/replay", "/undo"):
        url = f"/api/integrations/inbox/{event['id']}{address}"
        reply = stranger.post(url, json={"media_item_id": str(uuid4())}) if address else None
        reply = reply or stranger.get(url)
        assert reply.status_code == 404, (address, reply.text)
    assert stranger.get("/api/integrations/inbox").json() == []
