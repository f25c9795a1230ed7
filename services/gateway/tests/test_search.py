"""Search, suggestions and previews over HTTP."""

from uuid import uuid4

import pytest

from common.errors import Kind
from tastebuds.catalog.v1 import availability_pb2, media_pb2
from tastebuds.catalog.v1 import media_service_pb2 as media_service
from tastebuds.catalog.v1 import search_service_pb2 as search_pb
from tastebuds.ingest.v1 import preview_service_pb2 as pb

from .search_stand_ins import preview
from .stand_ins import CREATED, Fact

HIT_FIELDS = {
    "id", "media_type", "title", "subtitle", "description", "release_date", "cover_image_url",
    "canonical_url", "metadata", "creators", "preview_id", "source_name", "source_id",
    "preview_expires_at", "in_collection", "availability_summary",
}  # fmt: skip


@pytest.fixture
def wire(world):
    item = media_pb2.MediaItem(
        id=str(uuid4()), media_type=media_pb2.MEDIA_TYPE_TV, title="The Wire",
        release_date="2002-06-02", creators=["David Simon"],
    )  # fmt: skip
    world.media[item.id] = item
    return item


def answer(source, *hits, status=pb.SOURCE_ANSWER_STATUS_OK, **more):
    return pb.SourceAnswer(source=source, status=status, hits=hits, **more)


async def test_search_has_the_shape_of_the_contract(stranger, world, wire):
    found = await stranger.get("/api/search?q=%20wire%20&types=tv&types=book&page=1&per_page=5")
    body = found.json()
    assert set(body) == {"results", "source", "metadata"}
    assert body["source"] == "internal"
    (hit,) = body["results"]
    assert set(hit) == HIT_FIELDS
    assert hit["in_collection"] is False
    assert hit["preview_id"] is hit["availability_summary"] is None
    assert body["metadata"] == {
        "paging": {
            "page": 1, "per_page": 5, "offset": 0, "total_internal": 1,
            "total_is_estimate": False, "next_cursor": None,
        },
        "counts": {"internal": 1},
        "source_counts": {"internal": 1},
        "source_metrics": {"internal": {"returned": 1}},
        "source_status": {},
        "source_problems": {},
        "type_counts": {},
        "matched_by": None,
        "dedupe_reasons": None,
    }  # fmt: skip
    request = world.requests[-1]
    assert (request.query, request.page_size, request.offset) == ("wire", 5, 0)
    assert list(request.media_types) == [media_pb2.MEDIA_TYPE_TV, media_pb2.MEDIA_TYPE_BOOK]
    assert world.calls == {"SearchMedia": 1}


async def test_what_the_catalogue_knows_of_its_hits(ada, world, wire):
    world.search = {
        "total_is_estimate": True,
        "next_page_token": "abc",
        "matched_by": search_pb.MATCHED_BY_CORRECTION,
        "in_library_ids": [wire.id],
        "type_counts": [search_pb.TypeCount(media_type=media_pb2.MEDIA_TYPE_TV, count=7)],
        "availability": [
            availability_pb2.AvailabilitySummary(
                media_item_id=wire.id, providers=["Ferry"], regions=["PT"], formats=["stream"],
                available_count=2, last_checked_at=CREATED, stale_count=1,
            )
        ],
    }  # fmt: skip
    found = await ada.get("/api/search?q=wrie")
    (hit,) = found.json()["results"]
    assert hit["in_collection"] is True
    assert hit["availability_summary"] == {
        "providers": ["Ferry"], "regions": ["PT"], "formats": ["stream"],
        "status_counts": {"available": 2}, "last_checked_at": "2023-11-14T22:13:20.123456Z",
        "stale_count": 1,
    }  # fmt: skip
    metadata = found.json()["metadata"]
    assert metadata["paging"]["total_is_estimate"] is True
    assert metadata["type_counts"] == {"tv": 7}
    assert metadata["matched_by"] == "correction"
    assert found.headers["link"] == '</api/search?q=wrie&cursor=abc>; rel="next"'


async def test_filters_reach_the_catalogue(ada, world, wire):
    query = "q=wire&year_from=1999&year_to=2004&creator=simon&tag=rainy&tag=slow&in_library=true"
    assert (await ada.get(f"/api/search?{query}&cursor=abc")).status_code == 200
    request = world.requests[-1]
    assert (request.year_from, request.year_to, request.creator) == (1999, 2004, "simon")
    assert (list(request.tags), request.in_library) == (["rainy", "slow"], True)
    assert request.page_token == "abc"


async def test_paging_and_long_questions(stranger, world, wire):
    found = await stranger.get("/api/search", params={"q": "x" * 300, "page": 3, "per_page": 50})
    assert found.json()["metadata"]["paging"]["total_internal"] == 1
    assert (len(world.requests[-1].query), world.requests[-1].offset) == (256, 100)


@pytest.mark.parametrize(
    "query",
    [
        "include_external=true", "sources=tmdb", "sources=external",
        "sources=internal&sources=igdb", "sources=internal&include_external=true",
    ],
)  # fmt: skip
async def test_external_search_needs_an_account(stranger, world, query):
    found = await stranger.get(f"/api/search?q=wire&{query}")
    assert found.status_code == 401
    assert found.json()["detail"] == "Authentication required for external search"
    assert world.calls == {}


@pytest.mark.parametrize(
    ("query", "source", "connectors"),
    [
        ("include_external=true", "internal+external", []),
        ("sources=external", "external", []),
        ("sources=tmdb&sources=igdb&sources=tmdb", "external", ["tmdb", "igdb"]),
        ("sources=internal&sources=open_library", "internal+external", ["open_library"]),
        ("sources=tmdb&include_external=true", "internal+external", ["tmdb"]),
        ("sources=tmdb&sources=external", "external", []),
    ],
)
async def test_where_it_searches(ada, world, wire, query, source, connectors):
    world.answers = [answer("tmdb"), answer("igdb"), answer("open_library")]
    found = await ada.get(f"/api/search?q=wire&types=movie&external_per_source=3&{query}")
    assert found.json()["source"] == source
    assert len(found.json()["results"]) == ("internal" in source)
    (asked,) = [each for each in world.requests if isinstance(each, pb.SearchSourcesRequest)]
    assert (asked.query, list(asked.sources)) == ("wire", connectors)
    assert asked.hits_per_source == 3
    assert list(asked.media_types) == [media_pb2.MEDIA_TYPE_MOVIE]


async def test_sources_none_of_which_has_the_type(ada, world, wire):
    """Then the catalogue answers, as it does when nothing else is asked."""
    found = await ada.get("/api/search?q=wire&sources=tmdb&types=music")
    assert found.json()["source"] == "internal"
    assert len(found.json()["results"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        "sources=internal&include_external=true",  # the flag widens no list
        "include_external=true&in_library=true",
        "sources=external&tag=rainy",
    ],
)
async def test_what_nobody_outside_is_asked(ada, world, wire, query):
    world.answers = [answer("tmdb", pb.PreviewHit(preview=preview(1)))]
    found = (await ada.get(f"/api/search?q=wire&{query}")).json()
    assert found["source"] == "internal"
    assert [hit["id"] for hit in found["results"]] == [wire.id]
    assert found["metadata"]["source_status"] == {}
    assert "SearchSources" not in world.calls


async def test_no_source_has_the_type_but_the_catalogue_was_asked_as_well(ada, world, wire):
    found = await ada.get("/api/search?q=wire&sources=tmdb&include_external=true&types=music")
    assert found.json()["source"] == "internal"
    assert world.calls["SearchMedia"] == 1


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("year_from=2000", [2, 3]),
        ("year_to=2000", [1, 2]),
        ("year_from=2000&year_to=2000", [2]),
        ("year_to=0", []),
        ("creator=IDA%20h%C3%B8lm", [1]),
        ("creator=mare", [3]),
        ("creator=nobody", []),
    ],
)
async def test_filters_hold_for_hits_of_sources(ada, world, query, numbers):
    films = [
        preview(1, release_date="1999-12-31", creators=["Ida Hølm", "Ana Sol"]),
        preview(2, release_date="2000-01-01"),
        preview(3, release_date="2001-05-06", creators=["Ana Maré"]),
        preview(4),
    ]
    hits = [pb.PreviewHit(preview=each) for each in films]
    hits[2].known.CopyFrom(films[2].item)
    hits[2].known.id = films[2].id
    world.answers = [answer("tmdb", *hits)]
    found = await ada.get(f"/api/search?q=film&sources=tmdb&{query}")
    assert [hit["id"] for hit in found.json()["results"]] == [
        films[number - 1].id for number in numbers
    ]


async def test_the_catalogue_answers_while_nobody_asks_outside(ada, world, wire):
    world.broken["SearchSources"] = Fact(Kind.UNAVAILABLE, "SERVICE_UNAVAILABLE", "Not now.")
    found = await ada.get("/api/search?q=wire&include_external=true")
    assert found.status_code == 200
    assert [hit["id"] for hit in found.json()["results"]] == [wire.id]
    metadata = found.json()["metadata"]
    assert set(metadata["source_status"].values()) == {"failed"}
    assert metadata["source_problems"]["musicbrainz"] == "Not now."
    assert (await ada.get("/api/search?q=wire&sources=tmdb")).status_code == 503


async def test_a_question_that_sources_refuse_names_the_parameter(ada, world, wire):
    world.broken["SearchSources"] = Fact(
        Kind.INVALID, "EMPTY_QUERY", "A search needs at least one character.", field="query"
    )
    found = await ada.get("/api/search?q=%E2%80%8B%E2%80%8B&sources=tmdb")
    assert (found.status_code, found.json()["errors"][0]["loc"]) == (422, ["q"])


async def test_hits_of_sources_follow_those_of_the_catalogue(ada, world, wire):
    elsewhere = media_pb2.MediaItem(
        id=str(uuid4()), media_type=media_pb2.MEDIA_TYPE_MOVIE, title="Wire Tap"
    )
    world.answers = [
        answer(
            "tmdb",
            pb.PreviewHit(preview=preview(1)),
            pb.PreviewHit(
                preview=preview(2), known=wire, reason=media_service.MATCH_REASON_SOURCE_ID
            ),
            pb.PreviewHit(
                preview=preview(3), known=elsewhere, known_in_library=True,
                reason=media_service.MATCH_REASON_IMDB_ID,
            ),
            search_ms=12.5,
        ),
        answer(
            "igdb",
            pb.PreviewHit(
                preview=preview(4, "igdb"), same_as=preview(1).id,
                reason=media_service.MATCH_REASON_TITLE_YEAR_CREATOR,
            ),
            from_previews=True,
        ),
        answer("lastfm", status=pb.SOURCE_ANSWER_STATUS_TIMED_OUT, problem="no answer in 2.5 s"),
        answer("open_library", status=pb.SOURCE_ANSWER_STATUS_THROTTLED, problem="at its limit"),
        answer("google_books", status=pb.SOURCE_ANSWER_STATUS_OFF, problem="its key is not set"),
    ]  # fmt: skip
    found = (await ada.get("/api/search?q=wire&include_external=true")).json()
    shown = [(hit["id"], hit["preview_id"], hit["in_collection"]) for hit in found["results"]]
    first = preview(1).id
    assert shown == [(wire.id, None, False), (first, first, False), (elsewhere.id, None, True)]
    assert [hit["source_id"] for hit in found["results"]] == [None, "movie:1", "movie:3"]
    assert found["results"][1]["preview_expires_at"]
    metadata = found["metadata"]
    assert metadata["source_status"] == {
        "tmdb": "ok", "igdb": "ok", "lastfm": "timed_out", "open_library": "throttled",
        "google_books": "off",
    }  # fmt: skip
    assert metadata["source_problems"]["google_books"] == "its key is not set"
    assert metadata["counts"] == {
        "internal": 1, "external_ingested": 4, "external_returned": 2, "external_deduped": 3,
    }  # fmt: skip
    assert metadata["source_counts"] == {
        "internal": 1, "external": 2, "tmdb": 2, "igdb": 0, "lastfm": 0, "open_library": 0,
        "google_books": 0,
    }  # fmt: skip
    assert metadata["dedupe_reasons"] == {"source_id": 1, "imdb_id": 1, "title_year_creator": 1}
    assert metadata["source_metrics"]["tmdb"] == {
        "returned": 2, "ingested": 3, "deduped": 2, "search_ms": 12.5, "fetch_ms": 0,
        "from_previews": False, "dedupe_reasons": {"source_id": 1, "imdb_id": 1},
    }  # fmt: skip
    assert metadata["source_metrics"]["igdb"]["from_previews"] is True


async def test_the_quota_of_external_searches(ada, world, wire):
    message = "External search quota exceeded (10 requests per 60s)"
    world.broken["SearchSources"] = Fact(
        Kind.RATE_LIMITED, "SEARCH_QUOTA_EXCEEDED", message, retry_after=17.2
    )
    found = await ada.get("/api/search?q=wire&include_external=true")
    assert (found.status_code, found.headers["retry-after"]) == (429, "18")
    assert found.json()["detail"] == message


@pytest.mark.parametrize(
    "query",
    [
        "", "q=x", "q=%20x%20", "q=xx&page=0", "q=xx&per_page=51", "q=xx&page=99999999999999999999",
        "q=xx&types=play", "q=xx&sources=bing", "q=xx&external_per_source=6", "q=a%00b",
        "q=xx&include_external=perhaps", "q=" + "x" * 20_000, "q=xx&year_from=10000",
        "q=xx&year_from=2001&year_to=2000", "q=xx&creator=%00", "q=xx&tag=", "q=xx&tag=" + "x" * 65,
        "q=xx&in_library=2", "q=xx&cursor=" + "x" * 600, "q=xx" + "&tag=x" * 11,
    ],
)  # fmt: skip
async def test_questions_that_make_no_sense(stranger, world, query):
    found = await stranger.get(f"/api/search?{query}")
    assert found.status_code == 422
    assert found.json()["detail"]
    assert world.calls == {}


async def test_suggestions(stranger, world, wire):
    found = await stranger.get("/api/search/suggest?q=the%20w&types=tv&limit=5")
    assert found.json() == {
        "suggestions": [
            {
                "id": wire.id, "media_type": "tv", "title": "The Wire", "year": 2002,
                "creators": ["David Simon"], "cover_image_url": None,
            }
        ]
    }  # fmt: skip
    request = world.requests[-1]
    assert (request.prefix, request.limit) == ("the w", 5)
    assert world.calls == {"SuggestMedia": 1}


@pytest.mark.parametrize("query", ["", "q=", "q=a%00b", "q=x&limit=9", "q=x&types=play"])
async def test_suggestions_for_nonsense(stranger, query):
    assert (await stranger.get(f"/api/search/suggest?{query}")).status_code == 422


async def test_a_preview(ada, stranger, world):
    kept = preview(5, subtitle="Part one")
    kept.source_url = "https://api.example.org/5"
    kept.item.screen.runtime_minutes = 90
    world.previews[kept.id] = kept
    body = (await ada.get(f"/api/previews/{kept.id}")).json()
    assert body["preview_id"] == kept.id
    assert (body["source_name"], body["source_id"]) == ("tmdb", "movie:5")
    assert body["source_url"] == "https://api.example.org/5"
    assert body["movie"]["runtime_minutes"] == 90
    assert body["book"] is None
    assert (await stranger.get(f"/api/previews/{kept.id}")).status_code == 401
    unknown = await ada.get(f"/api/previews/{uuid4()}")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "Preview not found")


async def test_previews_become_works_where_works_are_wanted(ada, world, wire):
    for number in (1, 2):
        world.previews[preview(number).id] = preview(number)
    items = [{"media_item_id": preview(1).id}, {"media_item_id": wire.id}]
    body = {"title": "Menu", "courses": [{"title": "One", "items": items}]}
    made = await ada.post("/api/menus", json=body)
    assert made.status_code == 201, made.text
    assert world.calls["SavePreviews"] == 1
    created = next(each for each in world.requests if each.DESCRIPTOR.name == "CreateMenuRequest")
    works = [item.media_item_id for item in created.courses[0].items]
    assert works == [preview(1).id.replace("-8000-", "-7000-", 1), wire.id]


async def test_works_need_no_look_at_previews(ada, world, wire):
    item = {"media_item_id": wire.id}
    body = {"title": "Menu", "courses": [{"title": "One", "items": [item]}]}
    await ada.post("/api/menus", json=body)
    assert "SavePreviews" not in world.calls


async def test_a_preview_that_is_gone(ada, world):
    item = {"media_item_id": preview(9).id}
    body = {"title": "Menu", "courses": [{"title": "One", "items": [item]}]}
    made = await ada.post("/api/menus", json=body)
    assert (made.status_code, made.json()["reason"]) == (404, "PREVIEW_NOT_FOUND")
    assert "CreateMenu" not in world.calls
