from uuid import uuid4

import pytest

from common.errors import Kind
from tastebuds.catalog.v1 import library_pb2, media_pb2

from .media_stand_ins import add_work
from .stand_ins import Fact
from .test_hygiene import check_problem
from .test_media import BASE_FIELDS

STATE_FIELDS = {
    "id", "media_item_id", "user_id", "status", "rating", "favorite", "notes", "started_at",
    "finished_at",
}  # fmt: skip


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


async def test_the_states_of_many_works(ada, ada_id, world, tidewatch):
    other = add_work(world, "The Quiet Harbour")
    await ada.put(f"/api/me/states/{tidewatch.id}", json={"status": "dropped"})
    body = {"media_item_ids": [other.id, tidewatch.id]}
    (state,) = (await ada.post("/api/me/states/batch", json=body)).json()
    assert set(state) == STATE_FIELDS | {"updated_at"}
    assert (state["media_item_id"], state["user_id"]) == (tidewatch.id, str(ada_id))
    assert list(world.requests[-1].media_item_ids) == body["media_item_ids"]
    assert (await ada.post("/api/me/states/batch", json={"media_item_ids": []})).json() == []


async def test_a_state_is_cleared(ada, world, tidewatch):
    await ada.put(f"/api/me/states/{tidewatch.id}", json={"status": "paused"})
    answer = await ada.delete(f"/api/me/states/{tidewatch.id}")
    assert (answer.status_code, answer.content) == (204, b"")
    answer = await ada.delete(f"/api/me/states/{tidewatch.id}")
    assert check_problem(answer, 404)["reason"] == "STATE_NOT_FOUND"


async def test_the_library_has_the_fields_of_the_contract(ada, world, tidewatch):
    await ada.put(f"/api/me/states/{tidewatch.id}", json={"status": "consumed"})
    log = {"media_item_id": tidewatch.id, "log_type": "finished"}
    log = (await ada.post("/api/me/logs", json=log)).json()
    untouched = add_work(world, "The Quiet Harbour")
    world.calls.clear()
    answer = await ada.get("/api/me/library")
    library = answer.json()
    assert set(library) == {"summary", "items", "next_up"}
    assert library["summary"] == {
        "total": 2, "consumed": 1, "currently_consuming": 0, "want_to_consume": 0, "paused": 0,
        "dropped": 0,
    }  # fmt: skip
    item, without = library["items"]
    assert set(item) == {"media_item", "state", "last_log", "log_count", "last_activity_at"}
    assert set(item["media_item"]) == BASE_FIELDS | {"creators"}
    assert set(item["state"]) == STATE_FIELDS | {"updated_at"}
    assert item["last_log"] == log | {"media_item": None}
    assert item["log_count"] == 1
    assert item["last_activity_at"] == "2023-11-14T22:13:20.123456Z"
    assert without["media_item"]["id"] == untouched.id
    assert (without["state"], without["last_log"], without["log_count"]) == (None, None, 0)
    assert library["next_up"] == [item]
    assert world.calls == {"GetLibrary": 1}


async def test_the_library_comes_page_by_page(ada, world, tidewatch):
    answer = await ada.get("/api/me/library?status=paused&favorite=true&limit=3")
    assert answer.links["next"]["url"] == (
        "/api/me/library?status=paused&favorite=true&limit=3&cursor=older"
    )
    answer = await ada.get(answer.links["next"]["url"])
    assert answer.json()["next_up"] == []
    assert "link" not in answer.headers


async def test_the_library_is_filtered(ada, world):
    await ada.get("/api/me/library")
    asked = world.requests[-1]
    assert (asked.page_size, asked.page_token, asked.tag) == (500, "", "")
    assert list(asked.statuses) == list(asked.media_types) == []
    assert not asked.HasField("favorite")
    query = "status=paused&status=dropped&type=tv&type=book&favorite=false&tag=%20rainy%20"
    await ada.get(f"/api/me/library?{query}&limit=7&cursor=there")
    asked = world.requests[-1]
    assert list(asked.statuses) == [
        library_pb2.CONSUMPTION_STATUS_PAUSED,
        library_pb2.CONSUMPTION_STATUS_DROPPED,
    ]
    assert list(asked.media_types) == [media_pb2.MEDIA_TYPE_TV, media_pb2.MEDIA_TYPE_BOOK]
    assert (asked.HasField("favorite"), asked.favorite, asked.tag) == (True, False, "rainy")
    assert (asked.page_size, asked.page_token) == (7, "there")


async def test_the_last_change_is_taken_back(ada, world, tidewatch):
    await ada.put(f"/api/me/states/{tidewatch.id}", json={"status": "paused"})
    answer = await ada.post("/api/me/library/undo")
    assert answer.json() == {
        "undone": "the state of Tidewatch", "media_item_id": tidewatch.id, "state": None
    }  # fmt: skip
    problem = check_problem(await ada.post("/api/me/library/undo"), 404)
    assert problem["reason"] == "NOTHING_TO_UNDO"
    world.broken["UndoLastChange"] = Fact(Kind.PRECONDITION, "CHANGED_SINCE", "It has changed.")
    assert check_problem(await ada.post("/api/me/library/undo"), 409)["reason"] == "CHANGED_SINCE"


@pytest.mark.parametrize(
    "ids", [None, "x", ["x"], [7], [str(uuid4())] * 501, {"a": 1}], ids=range(6)
)
@pytest.mark.parametrize("path", ["me/states/batch", "tags/media/batch"])
async def test_odd_lists_of_works(ada, world, path, ids):
    problem = check_problem(await ada.post(f"/api/{path}", json={"media_item_ids": ids}), 422)
    assert "media_item_ids" in problem["detail"]
    assert world.calls == {}


@pytest.mark.parametrize(
    "path",
    [
        "states?limit=0", "states?limit=1001", "states?cursor=%00", "logs?limit=0",
        "logs?limit=201", "logs?offset=-1", "logs?offset=9999999999", "logs?log_type=read",
        "logs?media_item_id=zz", "library?limit=0", "library?limit=1001", "library?status=read",
        "library?type=play", "library?favorite=perhaps", "library?tag=%00",
        "library?cursor=" + "x" * 600, "library?tag=" + "x" * 65,
        "library?status=" + "&status=".join(["paused"] * 6),
    ],
)  # fmt: skip
async def test_questions_that_make_no_sense(ada, world, path):
    answer = await ada.get(f"/api/me/{path}")
    assert answer.status_code == 422
    assert world.calls == {}


async def test_a_library_is_for_people_with_an_account(stranger):
    for call in (
        "GET library", "POST library/undo", "GET states", "POST states/batch",
        f"PUT states/{uuid4()}", f"DELETE states/{uuid4()}", "GET logs", "POST logs",
        f"PATCH logs/{uuid4()}", f"DELETE logs/{uuid4()}", "GET taste-profile",
        "POST taste-profile/refresh",
    ):  # fmt: skip
        method, path = call.split()
        check_problem(await stranger.request(method, f"/api/me/{path}", json={}), 401)
