from uuid import uuid4

import pytest

from tastebuds.catalog.v1 import media_pb2, media_service_pb2

BASE_FIELDS = {
    "id", "media_type", "title", "subtitle", "description", "release_date", "cover_image_url",
    "canonical_url", "metadata",
}  # fmt: skip
EXTENSIONS = {"book", "movie", "game", "music"}


@pytest.fixture
def wire(world):
    item = media_pb2.MediaItem(
        id=str(uuid4()), media_type=media_pb2.MEDIA_TYPE_TV, title="The Wire",
        release_date="2002-06-02", metadata_json='{"genres":["drama"]}', creators=["David Simon"],
    )  # fmt: skip
    item.screen.runtime_minutes = 59
    item.screen.directors.append("David Simon")
    world.media[item.id] = item
    return item


async def test_a_work_has_the_fields_of_the_contract(stranger, wire):
    answer = await stranger.get(f"/api/media/{wire.id}")
    work = answer.json()
    page = {"sources", "creators", "field_sources", "appears_in", "appearance_count"}
    assert set(work) == BASE_FIELDS | EXTENSIONS | page
    assert work["media_type"] == "tv"
    assert work["metadata"] == {"genres": ["drama"]}
    assert work["movie"] == {
        "runtime_minutes": 59, "directors": ["David Simon"], "producers": None, "tmdb_type": None,
        "imdb_id": None,
    }  # fmt: skip
    assert work["book"] is work["game"] is work["music"] is work["subtitle"] is None
    (source,) = work["sources"]
    assert set(source) == {"id", "source_name", "external_id", "canonical_url", "fetched_at"}


async def test_where_fields_come_from_and_where_a_work_appears(stranger, ada, world, wire):
    world.field_sources = ["title", "details"]
    world.appearances = [media_service_pb2.Appearance(slug="a-night", title="A night")]
    work = (await stranger.get(f"/api/media/{wire.id}")).json()
    origin = {"source_name": "tmdb", "external_id": None, "at": "2023-11-14T22:13:20.123456Z"}
    assert work["field_sources"] == {"title": origin, "details": origin}
    assert work["appears_in"] == [{"slug": "a-night", "title": "A night"}]
    assert work["appearance_count"] == 1
    work = (await ada.get(f"/api/media/{wire.id}")).json()
    assert work["field_sources"]["title"] == origin | {"source_name": "own"}
    assert world.calls == {"GetMedia": 2}
    answer = await stranger.get(f"/api/media/{wire.id}", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401


async def test_fields_are_set_by_hand(ada, admin, world, wire):
    address = f"/api/media/{wire.id}/overrides"
    answer = await ada.patch(address, json={"title": " Wire ", "subtitle": None})
    assert answer.status_code == 200, answer.text
    work = answer.json()
    assert set(work) == BASE_FIELDS | EXTENSIONS | {"sources", "creators", "field_sources"}
    assert (work["title"], work["field_sources"]["title"]["source_name"]) == ("Wire", "own")
    asked = world.requests[-1]
    assert (list(asked.changed), asked.for_everybody) == (["subtitle", "title"], False)
    assert not asked.HasField("subtitle")
    body = {"release_date": "2002-06-02", "for_everybody": True}
    assert (await ada.patch(address, json=body)).status_code == 403
    work = (await admin.patch(address, json=body)).json()
    assert work["field_sources"]["release_date"]["source_name"] == "override"
    assert world.requests[-1].release_date == "2002-06-02"
    assert list(world.requests[-1].changed) == ["release_date"]
    assert world.calls == {"OverrideMedia": 3}


async def test_who_sets_fields_of_what(ada, stranger):
    address = f"/api/media/{uuid4()}/overrides"
    assert (await ada.patch(address, json={"title": "x"})).status_code == 404
    assert (await stranger.patch(address, json={"title": "x"})).status_code == 401


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"subtitle": "x\0"}, "subtitle"),
        ({"description": "x" * 10_001}, "description"),
        ({"release_date": "2026-02-30"}, "release_date"),
        ({"release_date": 10**30}, "release_date"),
        ({"cover_image_url": "javascript:alert(1)"}, "cover_image_url"),
        ({"for_everybody": None}, "for_everybody"),
        ({"creators": ["x"]}, "creators"),
        ([], "dictionary"),
    ],
)
async def test_what_a_field_cannot_be(ada, world, body, place):
    answer = await ada.patch(f"/api/media/{uuid4()}/overrides", json=body)
    assert answer.status_code == 422
    assert place in answer.json()["detail"]
    assert world.calls == {}


async def test_an_unknown_work(stranger):
    answer = await stranger.get(f"/api/media/{uuid4()}")
    assert (answer.status_code, answer.json()["detail"]) == (404, "Media item not found")


async def test_a_work_typed_in_by_hand(ada, world):
    book = {"authors": ["Fernando Pessoa"], "page_count": 544, "isbn_13": "9780141183046"}
    body = {"media_type": "book", "title": "Disquiet", "book": book, "release_date": "1982-01-01"}
    body |= {
        "cover_image_url": "https://covers.example.org/1.jpg",
        "metadata": {"a": [1, "\u00e9"]},
    }
    answer = await ada.post("/api/media", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["book"] == book | {"publisher": None, "language": None, "isbn_10": None}
    sent = world.requests[-1].item
    assert (sent.release_date, sent.metadata_json) == ("1982-01-01", '{"a":[1,"\u00e9"]}')
    assert (await ada.post("/api/media", json=body)).status_code == 200


@pytest.mark.parametrize("kind", ["book", "movie", "tv", "game", "music"])
async def test_the_extension_follows_the_type(ada, world, kind):
    answer = await ada.post("/api/media", json={"media_type": kind, "title": kind})
    assert answer.status_code == 201
    shown = {name for name in EXTENSIONS if answer.json()[name] is not None}
    assert shown == {"movie" if kind == "tv" else kind}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"media_type": "play"}, "media_type"),
        ({"music": {"album_name": "x"}}, "music"),
        ({"release_date": "yesterday"}, "release_date"),
        ({"cover_image_url": "javascript:alert(1)"}, "cover_image_url"),
        ({"canonical_url": "http://[::1"}, "canonical_url"),
        ({"book": {"page_count": 2**31}}, "book.page_count"),
        ({"book": {"page_count": -1}}, "book.page_count"),
        ({"book": {"authors": ["x\0"]}}, "book.authors.0"),
        ({"book": {"authors": ["x"] * 51}}, "book.authors"),
        ({"metadata": {"x": "y" * 50_001}}, "metadata"),
        ({"metadata": {"x": "y\0"}}, "metadata"),
        ({"metadata": {"x\0": 1}}, "metadata"),
        ({"metadata": {"x": 2**70}}, "metadata"),
        ({"metadata": []}, "metadata"),
    ],
)
async def test_what_a_work_cannot_be(ada, change, place):
    body = {"media_type": "book", "title": "Disquiet"} | change
    answer = await ada.post("/api/media", json=body)
    assert answer.status_code == 422
    assert place in answer.json()["detail"]


async def test_ingest(ada, world):
    answer = await ada.post("/api/ingest/tmdb", json={"external_id": "movie:603"})
    assert answer.status_code == 200
    assert set(answer.json()) == {"media_item", "source_name"}
    assert answer.json()["media_item"]["movie"]["runtime_minutes"] == 136
    assert not world.requests[-1].HasField("url")
    answer = await ada.post("/api/ingest/tmdb", json={})
    assert (answer.status_code, answer.json()["detail"]) == (400, "Identifier required")
    answer = await ada.post("/api/ingest/bing", json={"external_id": "1"})
    assert (answer.status_code, answer.json()["source"]) == (422, "bing")
    answer = await ada.post("/api/ingest/igdb", json={"external_id": "1"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "13")
    assert answer.json()["reason"] == "CIRCUIT_OPEN"


async def test_ingest_is_for_people_with_an_account(stranger):
    answer = await stranger.post("/api/ingest/tmdb", json={"external_id": "movie:603"})
    assert answer.status_code == 401
    assert (await stranger.get("/api/ingest/sources")).status_code == 401
    assert (await stranger.post("/api/media", json={})).status_code == 401
