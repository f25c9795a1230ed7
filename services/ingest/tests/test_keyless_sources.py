"""The traps of the sources that need no key."""

import time
from datetime import date

import pytest

from ingest.connectors import CONNECTORS
from ingest.drafts import MediaType
from ingest.errors import IncompleteItem, NotAtSource, UpstreamGarbage
from ingest.webhooks.happenings import ForeignId, Scheme, Work

from .upstream_stub import Answer, connected

MBID = "0f0e0d0c-1111-4222-8333-444455556666"
WORK = {"key": "/works/OL9W", "title": "Tidewatch", "type": {"key": "/type/work"}}
EDITION = {
    "key": "/books/OL8M",
    "title": "Tidewatch",
    "works": [{"key": "/works/OL9W"}],
    "isbn_13": ["9780306406157"],
    "publishers": ["Night Press"],
}
HIT = {"key": "/works/OL9W", "title": "Tidewatch", "author_name": ["Ida Holm"]}


@pytest.fixture
def fetch(upstream):
    async def call(source, external_id, **changed):
        async with connected(upstream, **changed) as connectors:
            return await connectors.pick(source).fetch(external_id)

    return call


@pytest.fixture
def library(upstream):
    """`library({"works/OL9W.json": …})`: what Open Library has, beside what searches find."""

    def stock(records, *hits):
        for address, record in records.items():
            upstream.plan(f"open_library/{address}", record)
        upstream.plan("open_library/search.json", {"docs": list(hits)})

    return stock


async def test_a_search_in_open_library_asks_once_for_all_that_a_preview_shows(upstream, library):
    library({}, HIT)
    async with connected(upstream) as connectors:
        await connectors.pick("open_library").search("tide & watch", 500)
    (asked,) = upstream.asked
    fields = asked.query.pop("fields").split(",")
    assert asked.query == {"q": "tide & watch", "limit": "100"}
    assert {"author_name", "cover_i", "first_publish_year", "editions.isbn"} <= set(fields)


async def test_an_edition_stands_for_its_work_and_tells_what_is_its_own(fetch, library, upstream):
    library({"books/OL8M.json": EDITION, "works/OL9W.json": WORK}, HIT)
    draft = await fetch("open_library", "OL8M")
    assert draft.external_id == "OL9W"
    assert draft.extension.isbn_13 == "9780306406157"
    assert draft.extension.publisher == "Night Press"
    assert draft.extension.authors == ("Ida Holm",)
    assert len(upstream.asked) == 3


async def test_works_that_became_one_are_followed_once(fetch, library, upstream):
    moved = {"key": "/works/OL1W", "type": {"key": "/type/redirect"}, "location": "/works/OL9W"}
    library({"works/OL1W.json": moved, "works/OL9W.json": WORK}, HIT)
    draft = await fetch("open_library", "OL1W")
    assert (draft.external_id, draft.extension.authors) == ("OL9W", ("Ida Holm",))
    library({"works/OL9W.json": moved | {"key": "/works/OL9W"}})
    with pytest.raises(NotAtSource):
        await fetch("open_library", "OL1W")


@pytest.mark.parametrize(
    "location", ["https://evil.example.org/works/OL9W", "//evil.example.org", "/admin", "", None, 7]
)
async def test_nobody_is_followed_out_of_the_library(fetch, library, upstream, location):
    moved = {"key": "/works/OL1W", "type": {"key": "/type/redirect"}, "location": location}
    library({"works/OL1W.json": moved})
    with pytest.raises(NotAtSource):
        await fetch("open_library", "OL1W")
    assert upstream.paths() == ["/open_library/works/OL1W.json"]


@pytest.mark.parametrize(
    ("record", "error"),
    [
        (Answer({"error": "notfound", "key": "/works/OL9W"}, status=404), NotAtSource),
        ({"key": "/works/OL9W", "type": {"key": "/type/delete"}}, NotAtSource),
        ({"key": "/works/OL9W"}, IncompleteItem),
        ({"title": "Tidewatch"}, IncompleteItem),
        ([WORK], UpstreamGarbage),
    ],
)
async def test_records_that_are_no_work(fetch, library, record, error):
    library({"works/OL9W.json": record})
    with pytest.raises(error):
        await fetch("open_library", "OL9W")


async def test_a_work_with_a_hundred_authors_costs_three_requests_for_their_names(
    fetch, library, upstream
):
    authors = [{"author": {"key": f"/authors/OL{number}A"}} for number in range(1, 101)]
    names = {f"authors/OL{n}A.json": {"name": f"Author {n}"} for n in range(1, 101)}
    library({"works/OL9W.json": WORK | {"authors": authors}, **names})
    draft = await fetch("open_library", "OL9W")
    assert draft.extension.authors == ("Author 1", "Author 2", "Author 3")
    assert len(upstream.asked) == 5


async def test_who_says_how_to_be_reached_may_ask_more_often(upstream, library):
    library({}, HIT)
    spans = []
    for contact in ("https://tastebuds.example.org", None):
        async with connected(upstream, contact=contact) as connectors:
            began = time.monotonic()
            for _ in range(3):
                await connectors.pick("open_library").search("tide", 1)
            spans.append(time.monotonic() - began)
    named, nameless = spans
    assert 0.6 < named < 1.4
    assert nameless > 2


@pytest.mark.parametrize(
    ("hits", "found"),
    [
        ([HIT], "OL9W"),
        ([HIT, {"key": "/works/OL10W", "title": "Another"}], None),
        ([{"key": "/authors/OL9A", "title": "?"}, HIT], "OL9W"),
        ([], None),
    ],
)
async def test_an_isbn_leads_to_the_work_unless_two_have_it(upstream, library, hits, found):
    library({}, *hits)
    work = Work(media_type=MediaType.BOOK, ids=(ForeignId(Scheme.ISBN, "0-306-40615-2"),))
    (clue,) = CONNECTORS["open_library"].clues(work)
    async with connected(upstream) as connectors:
        assert await connectors.pick("open_library").resolve(clue) == found
    (asked,) = upstream.asked
    assert asked.query["isbn"] == "0306406152"


async def test_musicbrainz_is_asked_with_the_words_as_they_are(upstream):
    upstream.plan("musicbrainz/recording", {"recordings": []})
    async with connected(upstream) as connectors:
        await connectors.pick("musicbrainz").search('AC/DC: "T.N.T." (live) -AND+', 3)
    (asked,) = upstream.asked
    assert asked.query == {
        "query": 'AC/DC: "T.N.T." (live) -AND+',
        "dismax": "true",
        "limit": "3",
        "fmt": "json",
    }


async def test_musicbrainz_tells_all_of_a_recording_at_once(fetch, upstream):
    upstream.plan(f"musicbrainz/recording/{MBID}", {"id": MBID, "title": "Foam"})
    draft = await fetch("musicbrainz", MBID)
    assert draft.extension.mbid == MBID
    (asked,) = upstream.asked
    assert set(asked.query["inc"].split()) >= {"artist-credits", "releases", "release-groups"}


async def test_a_busy_musicbrainz_is_asked_again(fetch, upstream):
    busy = Answer({"error": "exceeding the allowable rate limit"}, status=503)
    upstream.plan(f"musicbrainz/recording/{MBID}", busy, {"id": MBID, "title": "Foam"})
    assert (await fetch("musicbrainz", MBID)).title == "Foam"


async def test_a_recording_that_musicbrainz_does_not_know(fetch, upstream):
    missing = Answer({"error": "Not Found", "help": "For usage, …"}, status=404)
    upstream.plan(f"musicbrainz/recording/{MBID}", missing)
    with pytest.raises(NotAtSource):
        await fetch("musicbrainz", MBID)


@pytest.mark.parametrize("reply", [{"recordings": {}}, {"recordings": None}, {"count": 0}, {}])
async def test_musicbrainz_answers_without_recordings(upstream, reply):
    upstream.plan("musicbrainz/recording", reply)
    async with connected(upstream) as connectors:
        assert await connectors.pick("musicbrainz").search("foam", 3) == []


async def test_a_recording_is_its_own_clue():
    connector = CONNECTORS["musicbrainz"]
    ids = (
        ForeignId(Scheme.MBID_RELEASE_GROUP, MBID),
        ForeignId(Scheme.MBID_RECORDING, MBID.upper()),
    )
    (clue,) = connector.clues(Work(media_type=MediaType.MUSIC, title="Foam", ids=ids))
    assert (clue.scheme, clue.external_id) == ("music.mbid", MBID)


@pytest.mark.parametrize(
    ("told", "day"),
    [({"first_publish_year": "1971"}, date(1971, 1, 1)), ({"first_publish_year": 71}, None)],
)
async def test_years_of_books(upstream, library, told, day):
    library({}, HIT | told)
    async with connected(upstream) as connectors:
        (draft,) = await connectors.pick("open_library").search("tide", 1)
    assert draft.release_date == day
