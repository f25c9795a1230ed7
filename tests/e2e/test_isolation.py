"""What is somebody else's does not exist."""

import pytest


@pytest.fixture
def menu(make_menu):
    return make_menu("Private Matters")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/menus/{menu}", None),
        ("PATCH", "/api/menus/{menu}", {"title": "Mine now"}),
        ("DELETE", "/api/menus/{menu}", None),
        ("POST", "/api/menus/{menu}/publish", None),
        ("POST", "/api/menus/{menu}/unpublish", None),
        ("POST", "/api/menus/{menu}/courses", {"title": "Intruder"}),
        ("PATCH", "/api/menus/{menu}/courses/{course}", {"title": "Intruder"}),
        ("DELETE", "/api/menus/{menu}/courses/{course}", None),
        ("POST", "/api/menus/{menu}/courses/reorder", {"course_ids": ["{course}"]}),
        ("POST", "/api/menus/{menu}/courses/{course}/items", {"media_item_id": "{media}"}),
        ("POST", "/api/menus/{menu}/courses/{course}/reorder-items", {"item_ids": ["{item}"]}),
        ("PATCH", "/api/menus/{menu}/course-items/{item}", {"notes": "seen"}),
        ("POST", "/api/menus/{menu}/course-items/{item}/move", {"course_id": "{course}"}),
        ("DELETE", "/api/menus/{menu}/course-items/{item}", None),
    ],
)  # fmt: skip
def test_a_stranger_finds_nothing(curator, join, visitor, menu, method, path, body):
    course = menu["courses"][0]
    ids = {
        "menu": menu["id"],
        "course": course["id"],
        "item": course["items"][0]["id"],
        "media": course["items"][0]["media_item_id"],
    }
    path, body = path.format(**ids), filled(body, ids)
    reply = join().request(method, path, json=body)
    assert reply.status_code == 404, reply.text
    assert reply.json()["detail"] == "Menu not found"
    assert visitor.request(method, path, json=body).status_code == 401
    assert curator.get(f"/api/menus/{menu['id']}").json() == menu


def filled(body, ids):
    if isinstance(body, dict):
        return {name: filled(value, ids) for name, value in body.items()}
    if isinstance(body, list):
        return [filled(value, ids) for value in body]
    return body.format(**ids) if isinstance(body, str) else body


def test_another_persons_session_cannot_be_revoked(curator, join):
    [session] = curator.get("/api/auth/sessions").json()
    reply = join().post(f"/api/auth/sessions/{session['id']}/revoke")
    assert reply.status_code == 404
    assert curator.get("/api/me").status_code == 200


def test_one_lists_only_ones_own_menus(curator, join, menu):
    assert [each["id"] for each in curator.get("/api/menus").json()] == [menu["id"]]
    assert join().get("/api/menus").json() == []
