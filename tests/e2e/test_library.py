"""A curator's library: states, the diary, tags, what they say of one's taste."""


def status_of(person, work):
    states = {state["media_item_id"]: state for state in person.get("/api/me/states").json()}
    return states[work]["status"] if work in states else None


def log(person, work, log_type, **fields):
    reply = person.post(
        "/api/me/logs", json={"media_item_id": work, "log_type": log_type, **fields}
    )
    assert reply.status_code == 201, reply.text
    return reply.json()


def test_the_diary_moves_the_state_and_takes_it_back(curator, add_work):
    work = add_work("The Slow Ferry")
    log(curator, work, "goal", goal_target="before spring")
    assert status_of(curator, work) == "want_to_consume"
    log(curator, work, "started", minutes_spent=30)
    assert status_of(curator, work) == "currently_consuming"
    finished = log(curator, work, "finished", minutes_spent=90)
    assert status_of(curator, work) == "consumed"
    entry = f"/api/me/logs/{finished['id']}"
    assert curator.delete(entry).status_code == 204
    assert status_of(curator, work) == "currently_consuming"
    undone = curator.post("/api/me/library/undo")
    assert undone.status_code == 200, undone.text
    assert status_of(curator, work) == "consumed"
    diary = curator.get("/api/me/logs", params={"media_item_id": work}).json()
    assert [each["log_type"] for each in diary] == ["finished", "started", "goal"]
    assert diary[0]["media_item"]["title"] == "The Slow Ferry"
    changed = curator.patch(f"/api/me/logs/{diary[0]['id']}", json={"notes": "in one sitting"})
    assert changed.status_code == 200
    assert changed.json()["minutes_spent"] == 90


def test_the_library_at_a_glance(join, add_work):
    person = join()
    works = [add_work(f"Glance {number}") for number in range(4)]
    for work, status in zip(works, ["consumed", "want_to_consume", "paused"], strict=False):
        body = {"status": status}
        assert person.put(f"/api/me/states/{work}", json=body).status_code == 200
    log(person, works[3], "note", notes="somebody recommended it")
    library = person.get("/api/me/library").json()
    assert library["summary"] == {
        "total": 4, "consumed": 1, "currently_consuming": 0, "want_to_consume": 1, "paused": 1,
        "dropped": 0,
    }  # fmt: skip
    assert [item["media_item"]["id"] for item in library["items"]] == works[::-1]
    assert [item["media_item"]["id"] for item in library["next_up"]] == [works[2], works[1]]
    assert library["items"][0]["log_count"] == 1
    assert library["items"][0]["state"] is None
    first = person.get("/api/me/library", params={"limit": 3})
    rest = person.get(first.links["next"]["url"]).json()
    assert [item["media_item"]["id"] for item in rest["items"]] == [works[0]]


def test_tags_are_ones_own(join, add_work):
    ana, bea = join(), join()
    work = add_work("Taggable")
    tag = ana.post("/api/tags", json={"name": "  rainy evenings "}).json()
    assert tag["name"] == "rainy evenings"
    assert ana.post("/api/tags", json={"name": "Rainy Evenings"}).status_code == 409
    put = ana.post(f"/api/tags/{tag['id']}/media", json={"media_item_id": work})
    assert put.status_code == 201, put.text
    assert [each["name"] for each in ana.get(f"/api/tags/media/{work}").json()] == [tag["name"]]
    assert bea.get(f"/api/tags/media/{work}").json() == []
    assert bea.delete(f"/api/tags/{tag['id']}").status_code == 404
    stolen = bea.post(f"/api/tags/{tag['id']}/media", json={"media_item_id": work})
    assert (stolen.status_code, stolen.json()["detail"]) == (400, "Tag not available")
    found = ana.get("/api/search", params={"q": "taggable", "tag": "rainy evenings"}).json()
    assert [hit["id"] for hit in found["results"]] == [work]
    found = bea.get("/api/search", params={"q": "taggable", "tag": "rainy evenings"}).json()
    assert found["results"] == []


def test_taste_and_where_a_work_appears(curator, make_menu, visitor, eventually):
    menu = make_menu("Seen Here", courses=1, items=2, is_public=True)
    work = menu["courses"][0]["items"][0]["media_item_id"]
    log(curator, work, "finished", minutes_spent=45)

    def profile():
        reply = curator.post("/api/me/taste-profile/refresh", json={"force": True})
        assert reply.status_code == 200, reply.text
        return reply.json()["profile"]

    eventually(lambda: profile()["summary"]["menus"] >= 1)
    told = profile()
    assert told["summary"]["items"] >= 2
    assert told["summary"]["minutes_spent"] == 45
    assert told["media_type_counts"]["book"] >= 2
    assert told["log_counts"] == {"finished": 1}
    cached = curator.get("/api/me/taste-profile").json()
    assert cached["profile"] == told

    def appears_in():
        return [each["slug"] for each in visitor.get(f"/api/media/{work}").json()["appears_in"]]

    eventually(lambda: appears_in() == [menu["slug"]])
    assert curator.post(f"/api/menus/{menu['id']}/unpublish").status_code == 200
    eventually(lambda: appears_in() == [])


def test_where_it_can_be_had_is_for_who_brought_it(join, add_work, curator, visitor):
    work = add_work("Had Somewhere")
    entries = [
        {"provider": "Corner Library", "region": "PT", "format": "loan", "status": "available"}
    ]
    address = f"/api/media/{work}/availability"
    assert join().put(address, json=entries).status_code == 403
    assert curator.put(address, json=entries).status_code == 200
    (entry,) = visitor.get(address).json()
    assert (entry["provider"], entry["status"]) == ("Corner Library", "available")
    summaries = visitor.post("/api/media/availability/summary", json={"media_item_ids": [work]})
    assert summaries.json()[0]["providers"] == ["Corner Library"]
    (hit,) = visitor.get("/api/search", params={"q": '"had somewhere"'}).json()["results"]
    assert hit["availability_summary"]["status_counts"] == {"available": 1}


def test_two_entries_become_one_work_and_two_again(admin, curator, visitor, add_work, eventually):
    kept, gone = add_work("Twice Told"), add_work("Twice Told", release_date="1999-01-01")
    body = {"title": "A Pair", "is_public": True, "courses": [
        {"title": "Both", "items": [{"media_item_id": kept}, {"media_item_id": gone}]}
    ]}  # fmt: skip
    menu = curator.post("/api/menus", json=body).json()
    assert curator.put(f"/api/me/states/{gone}", json={"status": "consumed"}).status_code == 200
    pair = {"survivor_id": kept, "absorbed_id": gone}
    assert curator.post("/api/ops/media/merges", json=pair).status_code == 403
    merged = admin.post("/api/ops/media/merges", json=pair)
    assert merged.status_code in {200, 201}, merged.text
    assert visitor.get(f"/api/media/{gone}").json()["id"] == kept
    assert status_of(curator, kept) == "consumed"

    def works():
        page = visitor.get(f"/api/public/menus/{menu['slug']}").json()
        return [item["media_item_id"] for item in page["courses"][0]["items"]]

    eventually(lambda: works() == [kept, kept])
    found = visitor.get("/api/search", params={"q": '"twice told"'}).json()["results"]
    assert [hit["id"] for hit in found] == [kept]
    undone = admin.post(f"/api/ops/media/merges/{merged.json()['id']}/undo")
    assert undone.status_code == 200, undone.text
    assert visitor.get(f"/api/media/{gone}").json()["id"] == gone
    assert (status_of(curator, kept), status_of(curator, gone)) == (None, "consumed")
    eventually(lambda: works() == [kept, gone])


def test_a_title_as_its_owner_likes_it(curator, visitor, add_work):
    work = add_work("A Long Official Title: The Definitive Edition")
    mine = curator.patch(f"/api/media/{work}/overrides", json={"title": "Long Title"})
    assert mine.status_code == 200, mine.text
    assert curator.get(f"/api/media/{work}").json()["title"] == "Long Title"
    assert visitor.get(f"/api/media/{work}").json()["title"].endswith("Definitive Edition")
    everybody = {"title": "x", "for_everybody": True}
    assert curator.patch(f"/api/media/{work}/overrides", json=everybody).status_code == 403
    assert curator.patch(f"/api/media/{work}/overrides", json={"title": None}).status_code == 200
    assert curator.get(f"/api/media/{work}").json()["title"].endswith("Definitive Edition")
