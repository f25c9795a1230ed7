"""Register, ingest from four catalogues, search, compose, publish; a stranger reads."""

import concurrent.futures

import pytest

WORKS = {
    "google_books": ("sLt_7-QAAB", "Salt and Lantern"),
    "tmdb": ("movie:900001", "The Quiet Harbour"),
    "igdb": ("7001", "Brine Runner"),
    "lastfm": ("The Lamps::Harbour Lights", "Harbour Lights"),
}


def ingest(client, source, **body):
    return client.post(f"/api/ingest/{source}", json=body)


def test_from_an_upstream_catalogue_to_a_public_page(curator, visitor, world):
    ids = {}
    for source, (external_id, title) in WORKS.items():
        reply = ingest(curator, source, external_id=external_id)
        assert reply.status_code == 200, reply.text
        item = reply.json()["media_item"]
        assert item["title"] == title
        assert item["sources"][0]["source_name"] == source
        ids[source] = item["id"]

    hits = curator.get("/api/search", params={"q": "harbour"}).json()["results"]
    assert {ids["tmdb"], ids["lastfm"]} <= {hit["id"] for hit in hits}

    menu = curator.post("/api/menus", json={"title": "Harbours at Night", "courses": []}).json()
    course = curator.post(f"/api/menus/{menu['id']}/courses", json={"title": "Low Tide"}).json()
    for source, media_id in ids.items():
        body = {"media_item_id": media_id, "notes": f"from {source}"}
        url = f"/api/menus/{menu['id']}/courses/{course['id']}/items"
        assert curator.post(url, json=body).status_code == 201
    assert visitor.get(f"/api/public/menus/{menu['slug']}").status_code == 404

    assert curator.post(f"/api/menus/{menu['id']}/publish").status_code == 200
    page = visitor.get(f"/api/public/menus/{menu['slug']}")
    assert page.status_code == 200
    shown = page.json()
    assert shown["title"] == "Harbours at Night"
    items = shown["courses"][0]["items"]
    assert [item["media_item"]["title"] for item in items] == [title for _, title in WORKS.values()]
    assert curator.account["id"] not in page.text
    assert "owner" not in page.text

    again = visitor.get(
        f"/api/public/menus/{menu['slug']}", headers={"If-None-Match": page.headers["ETag"]}
    )
    assert again.status_code == 304
    assert again.content == b""


def test_a_change_shows_on_the_public_page_within_moments(curator, make_menu, visitor, eventually):
    menu = make_menu("Changing Weather", is_public=True)
    address = f"/api/public/menus/{menu['slug']}"
    first = visitor.get(address)
    curator.patch(f"/api/menus/{menu['id']}", json={"description": "Now with wind."})
    eventually(lambda: visitor.get(address).json()["description"] == "Now with wind.", seconds=3)
    assert visitor.get(address).headers["ETag"] != first.headers["ETag"]
    curator.post(f"/api/menus/{menu['id']}/unpublish")
    eventually(lambda: visitor.get(address).status_code == 404, seconds=3)


def test_ingesting_twice_or_at_once_makes_one_item(curator, world):
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        replies = list(
            threads.map(lambda _: ingest(curator, "tmdb", external_id="tv:210001"), range(8))
        )
    assert {reply.status_code for reply in replies} == {200}
    [media_id] = {reply.json()["media_item"]["id"] for reply in replies}
    later = ingest(curator, "tmdb", url="https://www.themoviedb.org/tv/210001-tidewatch")
    assert later.json()["media_item"]["id"] == media_id
    assert later.json()["media_item"] == replies[0].json()["media_item"]


def test_a_known_item_is_not_asked_for_again_unless_refreshed(curator, world):
    ingest(curator, "google_books", external_id="bareVolume01")
    before = world.asked["google_books"]
    ingest(curator, "google_books", external_id="bareVolume01")
    assert world.asked["google_books"] == before
    reply = ingest(curator, "google_books", external_id="bareVolume01", force_refresh=True)
    assert reply.status_code == 200
    assert world.asked["google_books"] == before + 1


def test_a_film_and_a_series_with_one_number_are_two_works(curator, world):
    world.records["tmdb"]["movie/7"] = world.records["tmdb"]["tv/7"] | {"title": "The Seventh"}
    film = ingest(curator, "tmdb", external_id="movie:7").json()["media_item"]
    series = ingest(curator, "tmdb", external_id="tv:7").json()["media_item"]
    assert film["id"] != series["id"]
    assert (film["media_type"], series["media_type"]) == ("movie", "tv")


@pytest.mark.parametrize(
    ("source", "body", "status", "words"),
    [
        ("tmdb", {"external_id": "movie:404404"}, 404, "no item"),
        ("nowhere", {"external_id": "1"}, 422, "nowhere"),
        ("tmdb", {"external_id": "film no. 5"}, 422, "tmdb"),
        ("tmdb", {"url": "https://example.org/movie/603"}, 422, "tmdb"),
        ("tmdb", {}, 400, "Identifier required"),
        ("igdb", {"external_id": '1; fields *; where name = "x"'}, 422, "igdb"),
        ("google_books", {"external_id": "../../admin"}, 422, "google_books"),
    ],
)
def test_what_cannot_be_ingested_says_why(curator, world, source, body, status, words):
    reply = ingest(curator, source, **body)
    assert reply.status_code == status, reply.text
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert words.casefold() in reply.json()["detail"].casefold()


@pytest.mark.parametrize("fault", [500, 429, "garbage", "hang"])
def test_a_broken_upstream_is_a_503_with_a_reason(curator, world, fault, stack):
    world.fault["lastfm"] = fault
    try:
        reply = ingest(curator, "lastfm", external_id=f"Nobody::{fault}")
        assert reply.status_code == 503
        assert reply.json()["reason"]
        assert int(reply.headers["Retry-After"]) > 0
        assert "key" not in reply.json()["detail"]
    finally:
        world.fault.clear()
        stack.kill("ingest")  # its circuit forgets
        stack.wait_ready(30)


def test_without_a_token_nothing_is_ingested(visitor):
    assert ingest(visitor, "tmdb", external_id="movie:900001").status_code == 401
