"""Finished documents pass the gateway unread: here they are held against what it publishes."""

import pytest
from jsonschema_rs import validator_for


@pytest.fixture
def shape(visitor):
    """`shape("Menu")`: a validator of that schema, and the names of its fields."""
    schemas = visitor.get("/openapi.json").json()["components"]["schemas"]

    def find(name):
        whole = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        return validator_for(whole, validate_formats=True), set(schemas[name]["properties"])

    return find


@pytest.fixture
def menu(curator, add_work, make_menu):
    """Public, with a work that has all its fields and works that have few."""
    work = add_work(
        "The Salt Path",
        subtitle="A walk",
        description="Wind.",
        release_date="2018-03-22",
        cover_image_url="https://example.org/salt.jpg",
        canonical_url="https://example.org/salt",
        metadata={"pages": 288},
        book={"authors": ["Raynor Winn"]},
    )
    menu = make_menu("Shapes", description="d", is_public=True)
    course = f"/api/menus/{menu['id']}/courses/{menu['courses'][0]['id']}"
    curator.post(f"{course}/items", json={"media_item_id": work, "notes": "n"})
    curator.post(f"/api/menus/{menu['id']}/courses", json={"title": "Empty"})
    return curator.get(f"/api/menus/{menu['id']}").json()


def test_a_menu_is_as_described(curator, shape, menu):
    validator, fields = shape("Menu")
    withdrawn = curator.post(f"/api/menus/{menu['id']}/unpublish").json()
    made = curator.post("/api/menus", json={"title": "Bare"}).json()
    for document in (menu, withdrawn, made, *curator.get("/api/menus").json()):
        validator.validate(document)
        assert set(document) == fields


def test_what_a_menu_holds_is_as_described(shape, menu):
    for course in menu["courses"]:
        assert set(course) == shape("Course")[1]
        for item in course["items"]:
            assert set(item) == shape("CourseItem")[1]
            assert set(item["media_item"]) == shape("MediaBase")[1]
    assert menu["courses"][0]["items"][-1]["media_item"]["creators"] == ["Raynor Winn"]


def test_a_part_is_answered_as_the_whole_shows_it(curator, menu):
    [course, _, _] = menu["courses"]
    path = f"/api/menus/{menu['id']}"
    items = {"item_ids": [item["id"] for item in course["items"]]}
    reordered = curator.post(f"{path}/courses/{course['id']}/reorder-items", json=items).json()
    assert curator.get(path).json()["courses"][0] == reordered


def test_a_public_menu_is_as_described(visitor, shape, menu):
    validator, fields = shape("PublicMenu")
    document = visitor.get(f"/api/public/menus/{menu['slug']}").json()
    validator.validate(document)
    assert set(document) == fields
