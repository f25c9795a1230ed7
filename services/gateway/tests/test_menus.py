import re
from uuid import uuid4

from .stand_ins import CREATED, document

MENU_FIELDS = {
    "id", "title", "description", "slug", "is_public", "owner_id", "created_at", "updated_at",
    "courses", "pairings",
}  # fmt: skip
COURSE_FIELDS = {"id", "title", "description", "intent", "position", "updated_at", "items"}
ITEM_FIELDS = {"id", "media_item_id", "notes", "position", "updated_at", "media_item"}


async def create(client, **fields):
    answer = await client.post("/api/menus", json={"title": "A night"} | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_menu_has_the_fields_of_the_contract(ada, ada_id):
    menu = await create(ada)
    assert set(menu) == MENU_FIELDS
    assert menu["owner_id"] == str(ada_id)
    assert menu["description"] is None
    assert menu["pairings"] == []
    assert menu["created_at"] == "2023-11-14T22:13:20.123456Z"


async def test_a_menu_is_asked_for_with_all_it_is_to_hold(ada, world):
    media_id = str(uuid4())
    items = [{"media_item_id": media_id, "notes": "begin", "position": 1}]
    await create(ada, courses=[{"title": "One", "position": 1, "items": items}])
    (course,) = world.requests[-1].courses
    assert (course.title, course.position) == ("One", 1)
    (item,) = course.items
    assert (item.media_item_id, item.notes, item.position) == (media_id, "begin", 1)


async def test_menus_are_passed_on_as_the_bytes_they_came_in(ada, ada_id, world):
    menu = await create(ada, title="é")
    path = f"/api/menus/{menu['id']}"
    for call in (
        ada.get(path),
        ada.patch(path, json={"title": "ü"}),
        ada.post(f"{path}/publish"),
        ada.post(f"{path}/unpublish"),
        ada.post(f"{path}/courses/reorder", json={"course_ids": [str(uuid4())]}),
    ):
        answer = await call
        assert answer.headers["content-type"] == "application/json"
        assert answer.content == document(world.menus[menu["id"]])
    await create(ada)
    listed = await ada.get("/api/menus")
    assert listed.content == b"[" + b",".join(map(document, world.menus.values())) + b"]"
    world.menus.clear()
    assert (await ada.get("/api/menus")).content == b"[]"


async def test_a_course_has_the_fields_of_the_contract(ada):
    menu = await create(ada)
    items = [{"media_item_id": str(uuid4()), "notes": "begin", "position": 1}]
    body = {"title": "One", "position": 1, "items": items}
    course = (await ada.post(f"/api/menus/{menu['id']}/courses", json=body)).json()
    assert set(course) == COURSE_FIELDS
    (item,) = course["items"]
    assert set(item) == ITEM_FIELDS
    assert item["notes"] == "begin"
    assert item["media_item"]["media_type"] == "tv"
    assert item["media_item"]["creators"] == ["David Simon"]


async def test_a_list_is_bounded_and_offers_the_next_part(ada, world):
    await create(ada)
    answer = await ada.get("/api/menus?limit=1")
    assert [menu["title"] for menu in answer.json()] == ["A night"]
    link = re.fullmatch('<(.+)>; rel="next"', answer.headers["link"])
    assert link[1] == "/api/menus?limit=1&cursor=next"
    answer = await ada.get(link[1])
    assert (world.requests[-1].page_size, world.requests[-1].page_token) == (1, "next")
    assert "link" not in answer.headers


async def test_foreign_menus_read_as_missing(ada, running, people, world):
    menu = await create(ada)
    async with running.client(people.token(world.add_user("eve@example.org"))) as eve:
        for call in (eve.get, eve.delete):
            answer = await call(f"/api/menus/{menu['id']}")
            assert answer.status_code == 404
            assert answer.json()["detail"] == "Menu not found"
            assert answer.json()["reason"] == "MENU_NOT_FOUND"


async def test_absent_is_unchanged_and_null_clears(ada, world):
    menu = await create(ada, description="old")
    await ada.patch(f"/api/menus/{menu['id']}", json={"title": "New"})
    assert not world.requests[-1].HasField("description")
    await ada.patch(f"/api/menus/{menu['id']}", json={"description": None})
    request = world.requests[-1]
    assert request.HasField("description")
    assert request.description == ""
    assert not request.HasField("title")
    assert not request.HasField("is_public")


async def test_what_cannot_be_empty_is_refused(ada):
    menu = await create(ada)
    for change in ({"title": None}, {"title": "  "}, {"is_public": None}):
        answer = await ada.patch(f"/api/menus/{menu['id']}", json=change)
        assert answer.status_code == 422
        assert next(iter(change)) in answer.json()["detail"]


async def test_a_stale_edit_says_when_it_was_changed(ada):
    menu = await create(ada)
    body = {"title": "Mine", "expected_updated_at": "2020-01-01T00:00:00Z"}
    answer = await ada.patch(f"/api/menus/{menu['id']}", json=body)
    problem = answer.json()
    assert answer.status_code == 409
    assert problem["detail"] == problem["message"] == "The menu was changed in the meantime."
    assert problem["current_updated_at"] == CREATED.ToJsonString()
    body["expected_updated_at"] = menu["updated_at"]
    assert (await ada.patch(f"/api/menus/{menu['id']}", json=body)).status_code == 200


async def test_publishing_and_withdrawing(ada):
    menu = await create(ada)
    published = await ada.post(f"/api/menus/{menu['id']}/publish")
    assert (published.status_code, published.json()["is_public"]) == (200, True)
    withdrawn = await ada.post(f"/api/menus/{menu['id']}/unpublish")
    assert (withdrawn.status_code, withdrawn.json()["is_public"]) == (200, False)
    assert (await ada.delete(f"/api/menus/{menu['id']}")).status_code == 204


async def test_idempotency_keys_travel(ada, world):
    menu = await create(ada)
    course = f"/api/menus/{menu['id']}/courses"
    body = {"media_item_id": str(uuid4())}
    headers = {"Idempotency-Key": "once"}
    for path, json in (
        ("/api/menus", {"title": "x"}),
        (course, {"title": "x"}),
        (f"{course}/{uuid4()}/items", body),
    ):
        assert (await ada.post(path, json=json, headers=headers)).status_code == 201
        assert world.requests[-1].idempotency_key == "once"
    answer = await ada.post(course, json={"title": "x"}, headers={"Idempotency-Key": "k" * 256})
    assert answer.status_code == 422


async def test_editing_courses(ada, world):
    menu, course_id = await create(ada), uuid4()
    path = f"/api/menus/{menu['id']}/courses"
    assert (await ada.post(path, json={"title": "One"})).status_code == 201
    assert not world.requests[-1].course.HasField("position")
    answer = await ada.patch(f"{path}/{course_id}", json={"title": "Two", "intent": None})
    assert set(answer.json()) == COURSE_FIELDS
    assert world.requests[-1].intent == ""
    assert not world.requests[-1].HasField("description")
    assert (await ada.delete(f"{path}/{course_id}")).status_code == 204
    for course_ids in ([str(course_id)], []):  # whether they are all is for the service to say
        answer = await ada.post(f"{path}/reorder", json={"course_ids": course_ids})
        assert set(answer.json()) == MENU_FIELDS


async def test_editing_items(ada, world):
    menu, course_id, item_id = await create(ada), uuid4(), uuid4()
    courses, items = (f"/api/menus/{menu['id']}/{part}" for part in ("courses", "course-items"))
    body = {"media_item_id": str(uuid4()), "notes": None, "position": 3}
    added = await ada.post(f"{courses}/{course_id}/items", json=body)
    assert (added.status_code, set(added.json())) == (201, ITEM_FIELDS)
    assert world.requests[-1].item.position == 3
    assert (await ada.patch(f"{items}/{item_id}", json={"notes": None})).status_code == 200
    assert world.requests[-1].HasField("notes")
    moved = await ada.post(f"{items}/{item_id}/move", json={"course_id": str(course_id)})
    assert (moved.status_code, moved.json()["position"]) == (200, 4)
    assert not world.requests[-1].HasField("position")
    assert (await ada.delete(f"{items}/{item_id}")).status_code == 204
    for item_ids in ([str(item_id)], []):
        answer = await ada.post(f"{courses}/{course_id}/reorder-items", json={"item_ids": item_ids})
        assert answer.status_code == 400
        assert answer.json()["detail"] == "Item IDs must match the existing course items."
