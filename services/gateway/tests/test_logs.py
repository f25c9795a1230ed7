"""The diary."""

from uuid import uuid4

import pytest

from tastebuds.catalog.v1 import library_pb2

from .search_stand_ins import preview
from .stand_ins import CREATED
from .test_hygiene import check_problem
from .test_media import BASE_FIELDS

LOG_FIELDS = {
    "id", "user_id", "media_item_id", "log_type", "notes", "minutes_spent", "progress_percent",
    "goal_target", "goal_due_on", "logged_at", "created_at", "updated_at", "media_item",
}  # fmt: skip


async def test_the_diary_has_the_fields_of_the_contract(ada, ada_id, world, tidewatch):
    log = library_pb2.UserLog(
        id=str(uuid4()), user_id=str(ada_id), media_item_id=tidewatch.id, notes="S01E03",
        log_type=library_pb2.LOG_TYPE_GOAL, minutes_spent=59, progress_percent=0, goal_target="All",
        goal_due_on="2026-12-31", logged_at=CREATED, created_at=CREATED, updated_at=CREATED,
        media_item=tidewatch,
    )  # fmt: skip
    world.logs[log.id] = log
    (shown,) = (await ada.get("/api/me/logs")).json()
    assert set(shown) == LOG_FIELDS
    assert set(shown["media_item"]) == BASE_FIELDS | {"creators"}
    assert shown["media_item"]["title"] == "Tidewatch"
    assert shown["log_type"] == "goal"
    assert (shown["minutes_spent"], shown["progress_percent"]) == (59, 0)
    assert (shown["goal_target"], shown["goal_due_on"]) == ("All", "2026-12-31")
    assert shown["logged_at"] == "2023-11-14T22:13:20.123456Z"
    assert world.calls == {"ListLogs": 1}


async def test_the_diary_is_filtered(ada, world, tidewatch):
    await ada.get("/api/me/logs")
    asked = world.requests[-1]
    assert (asked.media_item_id, asked.log_type, asked.page_size, asked.offset) == ("", 0, 50, 0)
    query = f"media_item_id={tidewatch.id}&log_type=finished&limit=200&offset=7"
    assert (await ada.get(f"/api/me/logs?{query}")).status_code == 200
    asked = world.requests[-1]
    assert (asked.media_item_id, asked.log_type) == (tidewatch.id, library_pb2.LOG_TYPE_FINISHED)
    assert (asked.page_size, asked.offset) == (200, 7)


async def test_the_diary_comes_page_by_page(ada, world, tidewatch):
    body = {"media_item_id": tidewatch.id, "log_type": "note"}
    for _ in range(2):
        await ada.post("/api/me/logs", json=body)
    answer = await ada.get("/api/me/logs?limit=2&offset=4")
    assert answer.links["next"]["url"] == "/api/me/logs?limit=2&offset=4&cursor=older"
    answer = await ada.get("/api/me/logs?limit=3&cursor=older")
    assert (world.requests[-1].page_size, world.requests[-1].page_token) == (3, "older")
    assert "link" not in answer.headers


SAID = {
    "log_type": "goal", "notes": "S01E03", "minutes_spent": 0, "progress_percent": 100,
    "goal_target": "All", "goal_due_on": "2026-12-31",
}  # fmt: skip


async def test_an_entry_is_written(ada, ada_id, world, tidewatch):
    times = {"logged_at": "2026-05-03T12:00:00+02:00"}
    answer = await ada.post("/api/me/logs", json=SAID | times | {"media_item_id": tidewatch.id})
    assert answer.status_code == 201, answer.text
    log = answer.json()
    assert set(log) == LOG_FIELDS
    assert {name: log[name] for name in SAID} == SAID
    assert log["logged_at"] == "2026-05-03T10:00:00Z"
    assert (log["user_id"], log["media_item"]["title"]) == (str(ada_id), "Tidewatch")
    assert world.calls == {"CreateLog": 1}


async def test_of_an_entry_only_the_type_must_be_said(ada, world, tidewatch):
    body = {"media_item_id": tidewatch.id, "log_type": "started"}
    assert (await ada.post("/api/me/logs", json=body)).status_code == 201
    sent = world.requests[-1]
    assert sent.idempotency_key == ""
    assert [field.name for field, _ in sent.entry.ListFields()] == ["log_type"]


async def test_an_entry_with_a_key_is_written_once(ada, world, tidewatch):
    body = {"media_item_id": tidewatch.id, "log_type": "note"}
    headers = {"Idempotency-Key": "key-1"}
    first = await ada.post("/api/me/logs", json=body, headers=headers)
    again = await ada.post("/api/me/logs", json=body, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert len(world.logs) == 1
    answer = await ada.post("/api/me/logs", json=body, headers={"Idempotency-Key": "x" * 256})
    check_problem(answer, 422)


async def test_an_entry_of_an_unknown_work(ada):
    body = {"media_item_id": str(uuid4()), "log_type": "note"}
    problem = check_problem(await ada.post("/api/me/logs", json=body), 404)
    assert problem["detail"] == "Media item not found"


WRONG = [
    ({"log_type": "read"}, "log_type"),
    ({"log_type": None}, "log_type"),
    ({"notes": "x" * 2001}, "notes"),
    ({"notes": "a\0"}, "notes"),
    ({"minutes_spent": -1}, "minutes_spent"),
    ({"minutes_spent": 2**31}, "minutes_spent"),
    ({"minutes_spent": 10**400}, "minutes_spent"),
    ({"minutes_spent": 1.5}, "minutes_spent"),
    ({"progress_percent": 101}, "progress_percent"),
    ({"progress_percent": "NaN"}, "progress_percent"),
    ({"goal_target": "x" * 256}, "goal_target"),
    ({"goal_due_on": "2026-02-30"}, "goal_due_on"),
    ({"goal_due_on": "10000-01-01"}, "goal_due_on"),
    ({"goal_due_on": 10**30}, "goal_due_on"),
    ({"logged_at": "0001-01-01T00:00:00+14:00"}, "logged_at"),
    ({"logged_at": 10**30}, "logged_at"),
]


@pytest.mark.parametrize(("change", "place"), [*WRONG, ({"media_item_id": "x"}, "media_item_id")])
async def test_what_an_entry_cannot_be(ada, world, change, place):
    body = {"media_item_id": str(uuid4()), "log_type": "note"} | change
    problem = check_problem(await ada.post("/api/me/logs", json=body), 422)
    assert place in problem["detail"]
    assert world.calls == {}


@pytest.fixture
async def entry(ada, tidewatch):
    answer = await ada.post("/api/me/logs", json=SAID | {"media_item_id": tidewatch.id})
    return answer.json()


async def test_only_what_was_sent_changes(ada, world, entry):
    address = f"/api/me/logs/{entry['id']}"
    answer = await ada.patch(address, json={"notes": "Again!", "minutes_spent": 7})
    assert answer.json() == entry | {"notes": "Again!", "minutes_spent": 7}
    assert list(world.requests[-1].changed) == ["minutes_spent", "notes"]
    cleared = dict.fromkeys(["notes", "progress_percent", "goal_target", "goal_due_on"])
    answer = await ada.patch(address, json=cleared | {"bogus": 1, "media_item_id": str(uuid4())})
    assert answer.json() == entry | {"minutes_spent": 7} | cleared
    assert list(world.requests[-1].changed) == sorted(cleared)
    assert (await ada.patch(address, json={})).json() == answer.json()
    assert world.calls == {"CreateLog": 1, "UpdateLog": 3}


@pytest.mark.parametrize(("change", "place"), [*WRONG, ({"logged_at": None}, "logged_at")])
async def test_what_an_entry_cannot_become(ada, world, change, place):
    problem = check_problem(await ada.patch(f"/api/me/logs/{uuid4()}", json=change), 422)
    assert place in problem["detail"]
    assert world.calls == {}


async def test_an_entry_is_deleted(ada, world, entry):
    address = f"/api/me/logs/{entry['id']}"
    answer = await ada.delete(address)
    assert (answer.status_code, answer.content) == (204, b"")
    for answer in (await ada.delete(address), await ada.patch(address, json={"notes": "x"})):
        assert check_problem(answer, 404)["detail"] == "Log entry not found"


async def test_the_diary_of_somebody_else(running, people, world, entry):
    bea = world.add_user("bea@example.org")
    async with running.client(people.token(bea)) as client:
        assert (await client.get("/api/me/logs")).json() == []
        address = f"/api/me/logs/{entry['id']}"
        check_problem(await client.patch(address, json={"notes": "mine"}), 404)
        check_problem(await client.delete(address), 404)


async def test_previews_become_works_in_the_library(ada, world):
    shown = preview(7, title="The Quiet Harbour")
    world.previews[shown.id] = shown
    state = (await ada.put(f"/api/me/states/{shown.id}", json={"status": "paused"})).json()
    body = {"media_item_id": shown.id, "log_type": "started"}
    log = (await ada.post("/api/me/logs", json=body)).json()
    tag = (await ada.post("/api/tags", json={"name": "rainy day"})).json()
    answer = await ada.post(f"/api/tags/{tag['id']}/media", json={"media_item_id": shown.id})
    assert answer.json()["media_count"] == 1
    (kept,) = world.media
    assert state["media_item_id"] == log["media_item_id"] == kept != shown.id
    assert world.tagged == {(tag["id"], kept)}
    assert world.calls["SavePreviews"] == 3
