"""What people call works."""

from uuid import uuid4

import pytest

from .media_stand_ins import add_work
from .test_hygiene import check_problem

TAG_FIELDS = {"id", "name", "is_shared", "media_count"}


@pytest.fixture
async def rainy(ada):
    return (await ada.post("/api/tags", json={"name": "rainy day"})).json()


@pytest.fixture
async def bea(running, people, world):
    async with running.client(people.token(world.add_user("bea@example.org"))) as client:
        yield client


async def test_a_tag_is_made_and_listed(ada, admin, bea, world):
    answer = await ada.post("/api/tags", json={"name": "  rainy day "})
    assert answer.status_code == 201, answer.text
    tag = answer.json()
    assert set(tag) == TAG_FIELDS
    assert (tag["name"], tag["is_shared"], tag["media_count"]) == ("rainy day", False, 0)
    answer = await admin.post("/api/tags", json={"name": "classic", "is_shared": True})
    shared = answer.json()
    answer = await ada.get("/api/tags")
    assert answer.json() == [shared, tag]
    assert world.requests[-1].page_size == 500
    assert answer.links["next"]["url"] == "/api/tags?cursor=z"
    assert (await bea.get("/api/tags?limit=1000&cursor=z")).json() == [shared]
    assert (world.requests[-1].page_size, world.requests[-1].page_token) == (1000, "z")
    assert world.calls == {"CreateTag": 2, "ListTags": 2}


async def test_shared_tags_are_made_by_administrators(ada):
    check_problem(await ada.post("/api/tags", json={"name": "classic", "is_shared": True}), 403)


@pytest.mark.parametrize("name", ["", " ", "\t\n"])
async def test_a_name_is_not_blank(ada, rainy, name):
    for answer in (
        await ada.post("/api/tags", json={"name": name}),
        await ada.patch(f"/api/tags/{rainy['id']}", json={"name": name}),
    ):
        problem = check_problem(answer, 400)
        assert (problem["detail"], problem["field"]) == ("Tag name cannot be blank", "name")


@pytest.mark.parametrize("name", [None, "x" * 65, "a\0", 7, [], "\t" * 20_000 + "x" * 65])
async def test_what_a_name_cannot_be(ada, world, name):
    for method, path in (("POST", "/api/tags"), ("PATCH", f"/api/tags/{uuid4()}")):
        problem = check_problem(await ada.request(method, path, json={"name": name}), 422)
        assert problem["detail"].startswith("name: ")
    assert world.calls == {}


async def test_a_name_is_taken_once(ada, rainy):
    check_problem(await ada.post("/api/tags", json={"name": "Rainy Day"}), 409)
    other = (await ada.post("/api/tags", json={"name": "sunny day"})).json()
    check_problem(await ada.patch(f"/api/tags/{other['id']}", json={"name": "rainy day"}), 409)


async def test_a_tag_is_renamed_and_deleted(ada, rainy):
    address = f"/api/tags/{rainy['id']}"
    answer = await ada.patch(address, json={"name": " sunny day "})
    assert answer.json() == rainy | {"name": "sunny day"}
    answer = await ada.delete(address)
    assert (answer.status_code, answer.content) == (204, b"")
    problem = check_problem(await ada.delete(address), 404)
    assert (problem["detail"], problem["reason"]) == ("Tag not found", "TAG_NOT_FOUND")


async def test_works_are_tagged(ada, world, rainy, tidewatch):
    address = f"/api/tags/{rainy['id']}/media"
    answer = await ada.post(address, json={"media_item_id": tidewatch.id})
    assert answer.status_code == 201, answer.text
    assert answer.json() == rainy | {"media_count": 1, "attached_count": 1}
    other = add_work(world, "The Quiet Harbour")
    answer = await ada.post(address, json={"media_item_ids": [other.id, tidewatch.id]})
    assert answer.json() == rainy | {"media_count": 2, "attached_count": 1}
    assert (await ada.get(f"/api/tags/media/{other.id}")).json() == [rainy | {"media_count": 2}]
    assert (await ada.get(f"/api/tags/media/{uuid4()}")).json() == []
    body = {"media_item_ids": [tidewatch.id, str(uuid4()), other.id]}
    found = (await ada.post("/api/tags/media/batch", json=body)).json()
    assert [media["media_item_id"] for media in found] == [tidewatch.id, other.id]
    assert found[0]["tags"] == [rainy | {"media_count": 2}]
    assert world.calls == {"CreateTag": 1, "AttachTag": 2, "BatchGetTags": 3}


async def test_a_tag_is_taken_off(ada, rainy, tidewatch):
    await ada.post(f"/api/tags/{rainy['id']}/media", json={"media_item_id": tidewatch.id})
    address = f"/api/tags/{rainy['id']}/media/{tidewatch.id}"
    answer = await ada.delete(address)
    assert (answer.status_code, answer.content) == (204, b"")
    problem = check_problem(await ada.delete(address), 404)
    assert problem["detail"] == "Tag not assigned to media"
    answer = await ada.delete(f"/api/tags/{uuid4()}/media/{tidewatch.id}")
    assert check_problem(answer, 404)["detail"] == "Tag not available"


async def test_what_cannot_be_tagged(ada, world, rainy, tidewatch):
    body = {"media_item_id": tidewatch.id}
    problem = check_problem(await ada.post(f"/api/tags/{uuid4()}/media", json=body), 400)
    assert problem["detail"] == "Tag not available"
    body = {"media_item_ids": [tidewatch.id, str(uuid4())]}
    problem = check_problem(await ada.post(f"/api/tags/{rainy['id']}/media", json=body), 400)
    assert problem["detail"] == "Media item not found"
    assert not world.tagged


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"media_item_id": None},
        {"media_item_id": "x"},
        {"media_item_ids": []},
        {"media_item_ids": ["x"]},
        {"media_item_ids": [str(uuid4())] * 501},
        {"media_item_id": str(uuid4()), "media_item_ids": [str(uuid4())]},
    ],
    ids=range(7),
)
async def test_either_one_work_or_several(ada, world, body):
    problem = check_problem(await ada.post(f"/api/tags/{uuid4()}/media", json=body), 422)
    assert "media_item_id" in problem["detail"]
    assert world.calls == {}


async def test_a_tag_is_merged_into_another(ada, rainy, tidewatch):
    other = (await ada.post("/api/tags", json={"name": "wet day"})).json()
    await ada.post(f"/api/tags/{other['id']}/media", json={"media_item_id": tidewatch.id})
    body = {"into_tag_id": rainy["id"]}
    answer = await ada.post(f"/api/tags/{other['id']}/merge", json=body)
    assert (answer.status_code, answer.json()) == (200, rainy | {"media_count": 1})
    check_problem(await ada.post(f"/api/tags/{other['id']}/merge", json=body), 404)
    answer = await ada.post(f"/api/tags/{other['id']}/merge", json={"into_tag_id": "x"})
    assert check_problem(answer, 422)["detail"].startswith("into_tag_id: ")


async def test_tags_of_somebody_else(ada, bea, rainy, tidewatch):
    mine = (await bea.post("/api/tags", json={"name": "rainy day"})).json()
    body = {"media_item_id": tidewatch.id}
    await ada.post(f"/api/tags/{rainy['id']}/media", json=body)
    address = f"/api/tags/{rainy['id']}"
    check_problem(await bea.patch(address, json={"name": "mine"}), 404)
    check_problem(await bea.delete(address), 404)
    check_problem(await bea.post(f"{address}/media", json=body), 400)
    check_problem(await bea.delete(f"{address}/media/{tidewatch.id}"), 404)
    check_problem(await bea.post(f"{address}/merge", json={"into_tag_id": mine["id"]}), 404)
    answer = await bea.post(f"/api/tags/{mine['id']}/merge", json={"into_tag_id": rainy["id"]})
    check_problem(answer, 404)
    assert (await bea.get(f"/api/tags/media/{tidewatch.id}")).json() == []


async def test_tags_are_for_people_with_an_account(stranger):
    for call in (
        "GET", "POST", f"PATCH /{uuid4()}", f"DELETE /{uuid4()}", f"POST /{uuid4()}/merge",
        f"GET /media/{uuid4()}", "POST /media/batch", f"POST /{uuid4()}/media",
        f"DELETE /{uuid4()}/media/{uuid4()}",
    ):  # fmt: skip
        method, _, path = call.partition(" ")
        check_problem(await stranger.request(method, f"/api/tags{path}", json={}), 401)
