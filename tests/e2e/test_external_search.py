"""Searching outside: what people see, keep and share of it, and what a bad source costs."""

import time

ALL = {"google_books", "tmdb", "igdb", "lastfm", "open_library", "musicbrainz"}


def search(person, **query):
    query = {"q": "harbour nights", "include_external": "true", "external_per_source": 4} | query
    reply = person.get("/api/search", params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()


def outside(found):
    """The hits of sources, by source and id there."""
    return {
        (hit["source_name"], hit["source_id"]): hit for hit in found["results"] if hit["preview_id"]
    }


def test_everything_outside_at_once(curator, world):
    found = search(curator)
    assert found["source"] == "internal+external"
    assert set(found["metadata"]["source_status"]) == ALL
    assert set(found["metadata"]["source_status"].values()) == {"ok"}
    books = [name for name, _ in outside(found) if name in {"google_books", "open_library"}]
    assert books in ([], ["google_books"]), "the same ISBN is the same book"
    for hit in outside(found).values():
        preview = curator.get(f"/api/previews/{hit['preview_id']}")
        assert preview.status_code == 200, preview.text
        assert preview.json()["title"] == hit["title"]
        assert preview.json()["source_id"] == hit["source_id"]


def test_what_is_kept_is_exactly_what_was_shown(curator, world):
    """A film and a series of one number are two works."""
    hits = outside(search(curator, q="revisited", sources="tmdb", include_external="false"))
    series = hits["tmdb", "tv:900001"]
    state = {"status": "want_to_consume", "favorite": True}
    kept = curator.put(f"/api/me/states/{series['preview_id']}", json=state)
    assert kept.status_code == 200, kept.text
    work = curator.get(f"/api/media/{kept.json()['media_item_id']}").json()
    assert (work["media_type"], work["title"]) == ("tv", "The Quiet Harbour, Revisited")
    assert [source["external_id"] for source in work["sources"]] == ["tv:900001"]

    again = search(curator, q="revisited", sources="tmdb", include_external="false")
    shown = {hit["id"]: hit for hit in again["results"]}
    assert shown[work["id"]]["preview_id"] is None
    assert shown[work["id"]]["in_collection"] is True
    assert again["metadata"]["dedupe_reasons"]["source_id"] >= 1


def test_adding_a_preview_to_a_menu(curator, world):
    hits = outside(search(curator, q="lanterns", sources=["igdb"], include_external="false"))
    shown = next(iter(hits.values()), None)
    works = [shown["preview_id"]] if shown else []  # another story may have kept it already
    menu = curator.post("/api/menus", json={"title": "From Outside"}).json()
    course = curator.post(f"/api/menus/{menu['id']}/courses", json={"title": "One"}).json()
    for work in works:
        url = f"/api/menus/{menu['id']}/courses/{course['id']}/items"
        added = curator.post(url, json={"media_item_id": work})
        assert added.status_code == 201, added.text
        assert added.json()["media_item"]["title"] == "Brine Runner"
        assert curator.get(f"/api/media/{added.json()['media_item_id']}").status_code == 200


def test_a_bad_source_costs_its_share_only(join, world, eventually):
    person = join()
    world.fault |= {"tmdb": "hang", "igdb": 500, "lastfm": 429, "open_library": "garbage"}
    began = time.monotonic()
    found = search(person, q="stormy weather")
    assert time.monotonic() - began < 6
    status = found["metadata"]["source_status"]
    assert status["google_books"] == "ok"
    assert status["tmdb"] == "timed_out"
    assert status["igdb"] in {"failed", "circuit_open"}
    assert status["lastfm"] in {"throttled", "circuit_open"}
    assert status["open_library"] in {"failed", "circuit_open"}
    assert all(
        found["metadata"]["source_problems"][name] for name in status if status[name] != "ok"
    )
    world.fault.clear()

    def recovered():
        people = join()
        asked = search(people, q="calm weather")["metadata"]["source_status"]
        return set(asked.values()) == {"ok"}

    eventually(recovered, seconds=40)


def test_the_same_question_is_not_asked_again(join, world):
    person = join()
    first = search(person, q="asked before")
    before = sum(world.asked.values())
    again = search(person, q="Asked  BEFORE ")
    assert sum(world.asked.values()) == before
    assert outside(first).keys() == outside(again).keys()
    ids = [{hit["preview_id"] for hit in outside(found).values()} for found in (first, again)]
    assert ids[0] == ids[1]


def test_previews_are_their_persons_own(join, world):
    ana, bea = join(), join()
    preview = next(iter(outside(search(ana, q="mine alone", sources="tmdb")).values()), None)
    if preview is None:  # kept by another story, so that it is no preview any more
        preview = outside(search(ana, q="mine alone", external_per_source=5)).popitem()[1]
    address = f"/api/previews/{preview['preview_id']}"
    assert ana.get(address).status_code == 200
    assert bea.get(address).status_code == 404
    taken = bea.put(f"/api/me/states/{preview['preview_id']}", json={"status": "consumed"})
    assert taken.status_code == 404


def test_whoever_searches_outside_too_often_waits(join, world):
    person = join()
    replies = [
        person.get("/api/search", params={"q": f"question {number}", "sources": "google_books"})
        for number in range(22)  # the window may turn once meanwhile
    ]
    refused = [reply for reply in replies if reply.status_code == 429]
    assert refused
    assert {reply.status_code for reply in replies} == {200, 429}
    assert 0 < int(refused[0].headers["Retry-After"]) <= 60
    assert refused[0].json()["detail"] == "External search quota exceeded (10 requests per 60s)"
    assert person.get("/api/search", params={"q": "question"}).status_code == 200
