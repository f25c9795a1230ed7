"""The contract every entry of CONNECTORS keeps, tried on the fixtures of its source."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from pathlib import Path

import orjson
import pytest

from ingest.connectors import CONNECTORS, build, identifier, user_agent
from ingest.drafts import MediaDraft, MediaType, Source
from ingest.errors import IdentifierRequired, SourceOff, UnknownSource, UnusableIdentifier
from ingest.webhooks.happenings import Episode, ForeignId, Scheme, Work

from .upstream_stub import UpstreamStub, connected, serve, settings

FIXTURES = Path(__file__).parent / "fixtures"
CASES = [
    pytest.param(source, path, id=f"{source}-{path.stem}")
    for source in CONNECTORS
    for path in sorted((FIXTURES / source).glob("*.json"))
]
FETCHES = [case for case in CASES if case.values[1].stem.startswith("fetch")]
SEARCHES = [case for case in CASES if case.values[1].stem.startswith("search")]
KEYLESS = {Source.OPEN_LIBRARY, Source.MUSICBRAINZ}
FOREIGN = [
    "https://evil.example.org/movie/603?id=abc",
    "https://www.themoviedb.org@evil.example.org/movie/603",
    "https://evil.example.org\\@www.igdb.com/games/x",
    "https://books.google.com.evil.example.org/books?id=abc",
    "https://notlast.fm/music/A/_/B",
    "ftp://www.last.fm/music/A/_/B",
    "//www.themoviedb.org/movie/603",
    "https://[::1/movie/603",
    "https://www.themoviedb.org/",
    "https://www.igdb.com/games",
    "https://www.last.fm/music/The+Lamps",
    "https://openlibrary.org.evil.example.org/works/OL1W",
    "https://openlibrary.org/authors/OL1A",
    "https://musicbrainz.org/artist/0f0e0d0c-1111-4222-8333-444455556666",
    "not an address",
    "",
]


@pytest.fixture
async def stub(database) -> AsyncIterator[UpstreamStub]:
    async with serve(database) as running:
        yield running


def play(stub: UpstreamStub, source: Source, path: Path) -> dict[str, object]:
    case = orjson.loads(path.read_bytes())
    for route, reply in case["routes"].items():
        stub.plan(f"{source}/{route}", reply)
    return case


def as_json(draft: MediaDraft) -> Mapping[str, object]:
    return orjson.loads(orjson.dumps(asdict(draft) | {"raw_payload": None}))


def check(draft: MediaDraft, expected: Mapping[str, object]) -> None:
    actual = as_json(draft)
    assert {name: actual[name] for name in expected} == expected


def check_contract(draft: MediaDraft, source: Source, media_types: frozenset[str]) -> None:
    assert draft.source_name is source
    assert draft.media_type in media_types
    assert draft.title
    assert isinstance(orjson.loads(draft.raw_payload), dict)
    for address in (draft.cover_image_url, draft.canonical_url, draft.source_url):
        assert address is None or address.startswith("https://")


@pytest.mark.parametrize("source", CONNECTORS)
def test_every_source_has_fixtures_of_both_operations(source):
    names = [path.stem for path in (FIXTURES / source).glob("*.json")]
    assert any(name.startswith("fetch") for name in names)
    assert any(name.startswith("search") for name in names)


@pytest.mark.parametrize(("source", "path"), FETCHES)
async def test_an_item_is_fetched(stub, source, path):
    case = play(stub, source, path)
    async with connected(stub) as connectors:
        connector = connectors.pick(source)
        draft = await connector.fetch(case["fetch"])
        check(draft, case["draft"])
        check_contract(draft, source, connector.media_types)
        assert connector.normalize_id(draft.external_id) == draft.external_id
        again = await connector.fetch(draft.external_id)
    assert again == draft


@pytest.mark.parametrize(("source", "path"), SEARCHES)
async def test_a_search_is_one_request(stub, source, path):
    case = play(stub, source, path)
    async with connected(stub) as connectors:
        connector = connectors.pick(source)
        drafts = await connector.search(case["search"], case["limit"])
    assert len(drafts) == len(case["drafts"])
    for draft, expected in zip(drafts, case["drafts"], strict=True):
        check(draft, expected)
        check_contract(draft, source, connector.media_types)
        assert connector.normalize_id(draft.external_id) == draft.external_id
    assert len([each for each in stub.paths() if each != "/igdb/token"]) == 1


@pytest.mark.parametrize("source", [each for each in CONNECTORS if each not in KEYLESS])
async def test_a_source_without_its_key_is_off_and_says_which(stub, source):
    keys = [name for name in vars(settings("")) if not name.endswith("_url")]
    (key, *_) = [name for name in keys if name.startswith(source)]
    async with connected(stub, **{key: " "}) as connectors:
        assert source not in connectors.on
        assert set(connectors.on) == set(CONNECTORS) - {source}
        with pytest.raises(SourceOff, match=f"INGEST_{key.upper()} is not set"):
            connectors.pick(source)


async def test_without_any_account_there_are_sources_of_books_and_of_music(stub):
    keys = [name for name in vars(settings("")) if name.endswith(("_key", "_token", "_id"))]
    async with connected(stub, **dict.fromkeys(keys)) as connectors:
        assert set(connectors.on) == KEYLESS
        assert connectors.source_of(MediaType.BOOK) is Source.OPEN_LIBRARY
        assert connectors.source_of(MediaType.MUSIC) is Source.MUSICBRAINZ
        assert connectors.source_of(MediaType.TV) is Source.TMDB
    async with connected(stub) as connectors:
        assert connectors.source_of(MediaType.BOOK) is Source.GOOGLE_BOOKS


@pytest.mark.parametrize("source", CONNECTORS)
async def test_hostile_identifiers_never_reach_the_upstream(stub, source):
    hostile = [
        "",
        " ",
        "../../admin",
        "a/b?c=d",
        "1;drop",
        "1\x00",
        "movie:",
        "\N{SUPERSCRIPT TWO}",
    ]
    async with connected(stub) as connectors:
        for external_id in hostile:
            with pytest.raises(UnusableIdentifier):
                await connectors.pick(source).fetch(external_id)
    assert stub.asked == []


@pytest.mark.parametrize("source", CONNECTORS)
@pytest.mark.parametrize("value", ["", "../../admin", "tt12345/x?y", "1;2", "1\n2", "a b"])
def test_what_is_no_id_is_no_clue(source, value):
    connector = CONNECTORS[source]
    ids = tuple(ForeignId(scheme, value) for scheme in Scheme)
    for media_type in connector.media_types:
        work = Work(media_type=media_type, ids=ids, episode=Episode(ids=ids))
        assert connector.clues(work) == []


@pytest.mark.parametrize("source", CONNECTORS)
async def test_foreign_and_odd_addresses_are_nobodys(stub, source):
    async with connected(stub) as connectors:
        for url in FOREIGN:
            assert connectors.pick(source).parse_url(url) is None, url


async def test_unknown_sources_are_named(stub):
    async with connected(stub) as connectors:
        with pytest.raises(UnknownSource, match="Unknown source: napster"):
            connectors.pick("napster")


async def test_a_request_names_an_item_by_id_or_address(stub):
    async with connected(stub) as connectors:
        tmdb = connectors.pick("tmdb")
        page = "https://www.themoviedb.org/tv/1399-a-show"
        assert identifier(tmdb, " Movie:0603 ", page) == "movie:603"
        assert identifier(tmdb, None, page) == "tv:1399"
        assert identifier(tmdb, page, None) == "tv:1399"
        with pytest.raises(IdentifierRequired, match=r"^Identifier required$"):
            identifier(tmdb, "  ", "")
        with pytest.raises(UnusableIdentifier):
            identifier(tmdb, None, "https://www.igdb.com/games/x")


async def test_a_key_that_fits_no_header_turns_the_source_off(stub, database):
    connectors = build(settings(stub.url, tmdb_token="tok\u00e9n"), database, "Tastebuds/test")
    await connectors.aclose()
    assert connectors.off == {Source.TMDB: "INGEST_TMDB_TOKEN is not a key"}


def test_we_introduce_ourselves():
    assert user_agent("1.2", "https://example.org") == "Tastebuds/1.2 (+https://example.org)"
    assert user_agent("1.2", None) == "Tastebuds/1.2"
