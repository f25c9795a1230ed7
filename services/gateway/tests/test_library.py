from uuid import uuid4

import pytest

from tastebuds.catalog.v1 import library_pb2, media_pb2

from .stand_ins import CREATED
from .test_media import BASE_FIELDS

STATE_FIELDS = {
    "id", "media_item_id", "user_id", "status", "rating", "favorite", "notes", "started_at",
    "finished_at",
}  # fmt: skip
LOG_FIELDS = {
    "id", "user_id", "media_item_id", "log_type", "notes", "minutes_spent", "progress_percent",
    "goal_target", "goal_due_on", "logged_at", "created_at", "updated_at", "media_item",
}  # fmt: skip


@pytest.fixture
def tidewatch(world):
    item = media_pb2.MediaItem(
        id=str(uuid4()), media_type=media_pb2.MEDIA_TYPE_MOVIE, title="Tidewatch"
    )
    world.media[item.id] = item
    return item


async def test_a_state_is_set_and_listed(ada, ada_id, world, tidewatch):
    said = {"status": "consumed", "rating": 8.5, "favorite": True, "notes": "Again!"}
    times = {"started_at": "2026-05-03T12:00:00+02:00", "finished_at": "2026-05-04T00:00:00"}
    answer = await ada.put(f"/api/me/states/{tidewatch.id}", json=said | times)
    assert answer.status_code == 200, answer.text
    state = answer.json()
    assert set(state) == STATE_FIELDS | {"updated_at"}
    assert {name: state[name] for name in said} == said
    assert state["started_at"] == "2026-05-03T10:00:00Z"
    assert state["finished_at"] == "2026-05-04T00:00:00Z"
    assert (state["media_item_id"], state["user_id"]) == (tidewatch.id, str(ada_id))
    assert (await ada.get("/api/me/states")).json() == [state]
    assert world.calls == {"SetState": 1, "ListStates": 1}


async def test_what_is_left_out_of_a_state_is_cleared(ada, world, tidewatch):
    answer = await ada.put(f"/api/me/states/{tidewatch.id}", json={"status": "paused"})
    state = answer.json()
    assert (state["status"], state["favorite"]) == ("paused", False)
    for name in ("rating", "notes", "started_at", "finished_at"):
        assert state[name] is None
        assert not world.requests[-1].HasField(name)


@pytest.mark.parametrize(
    "status", ["consumed", "currently_consuming", "want_to_consume", "paused", "dropped"]
)
async def test_every_status_goes_in_and_comes_out(ada, tidewatch, status):
    answer = await ada.put(f"/api/me/states/{tidewatch.id}", json={"status": status})
    assert answer.json()["status"] == status


async def test_a_state_of_an_unknown_work(ada):
    answer = await ada.put(f"/api/me/states/{uuid4()}", json={"status": "consumed"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "Media item not found")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"status": None}, "status"),
        ({"status": "read"}, "status"),
        ({"rating": 10.01}, "rating"),
        ({"rating": -1}, "rating"),
        ({"rating": "NaN"}, "rating"),
        ({"favorite": "perhaps"}, "favorite"),
        ({"notes": "x" * 10_001}, "notes"),
        ({"notes": "\0"}, "notes"),
        ({"started_at": "yesterday"}, "started_at"),
        ({"finished_at": "9999-12-31T23:59:59-14:00"}, "finished_at"),
    ],
)
async def test_what_a_state_cannot_be(ada, world, tidewatch, change, place):
    body = {"status": "consumed"} | change
    answer = await ada.put(f"/api/me/states/{tidewatch.id}", json=body)
    assert answer.status_code == 422
    assert place in answer.json()["detail"]
    assert world.calls == {}


async def test_states_come_page_by_page(ada, world):
    answer = await ada.get("/api/me/states")
    assert answer.json() == []
    assert (world.requests[-1].page_size, world.requests[-1].page_token) == (500, "")
    assert answer.headers["link"] == '</api/me/states?cursor=older>; rel="next"'
    answer = await ada.get("/api/me/states?limit=1000&cursor=older")
    assert (world.requests[-1].page_size, world.requests[-1].page_token) == (1000, "older")
    assert "link" not in answer.headers


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


@pytest.mark.parametrize(
    "path",
    [
        "states?limit=0", "states?limit=1001", "states?cursor=%00", "logs?limit=0",
        "logs?limit=201", "logs?offset=-1", "logs?offset=9999999999", "logs?log_type=read",
        "logs?media_item_id=zz",
    ],
)  # fmt: skip
async def test_questions_that_make_no_sense(ada, world, path):
    answer = await ada.get(f"/api/me/{path}")
    assert answer.status_code == 422
    assert world.calls == {}


async def test_a_library_is_for_people_with_an_account(stranger):
    for answer in (
        await stranger.get("/api/me/states"),
        await stranger.get("/api/me/logs"),
        await stranger.put(f"/api/me/states/{uuid4()}", json={"status": "consumed"}),
    ):
        assert answer.status_code == 401
