from uuid import uuid4

import pytest

from tastebuds.catalog.v1 import media_pb2

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
