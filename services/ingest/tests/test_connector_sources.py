"""The traps of each source."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from ingest.errors import (
    NotAtSource,
    RequestRejected,
    UnusableIdentifier,
    UpstreamGarbage,
    UpstreamRefused,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from ingest.limits.health import State

from .upstream_stub import Answer, FakeTime, UpstreamStub, connected, serve

MBID = "0f0e0d0c-1111-4222-8333-444455556666"
GAME = {"id": 42, "name": "Brine"}


@pytest.fixture
async def stub(database) -> AsyncIterator[UpstreamStub]:
    async with serve(database) as running:
        yield running


async def fetch(stub, source, external_id, **changed):
    async with connected(stub, **changed) as connectors:
        return await connectors.pick(source).fetch(external_id)


async def search(stub, source, query, limit=3, **changed):
    async with connected(stub, **changed) as connectors:
        return await connectors.pick(source).search(query, limit)


@pytest.mark.parametrize(
    ("source", "url", "external_id"),
    [
        ("google_books", "https://books.google.com/books?id=sLt_7-QAAB&dq=x", "sLt_7-QAAB"),
        ("google_books", "http://books.google.co.uk/books?id=sLt_7-QAAB", "sLt_7-QAAB"),
        ("google_books", "https://play.google.com/store/books/details?id=sLt_7", "sLt_7"),
        ("google_books", "https://www.google.com/books/edition/Salt/sLt_7?gbpv=1", "sLt_7"),
        ("google_books", "https://www.googleapis.com/books/v1/volumes/sLt_7", "sLt_7"),
        ("google_books", "https://books.google.com/volumes#sLt_7", "sLt_7"),
        ("google_books", "https://www.google.com/search?id=sLt_7", None),
        ("tmdb", "https://www.themoviedb.org/movie/603-the-harbour?language=de", "movie:603"),
        ("tmdb", "http://themoviedb.org/tv/1399/season/1", "tv:1399"),
        ("tmdb", "https://api.themoviedb.org/3/movie/603", "movie:603"),
        ("tmdb", "https://www.themoviedb.org/person/603", None),
        ("tmdb", "https://www.themoviedb.org/movie/x603", None),
        ("igdb", "https://www.igdb.com/games/brine-runner", "slug:brine-runner"),
        ("igdb", "https://igdb.com/games/1942?tab=x", "slug:1942"),
        ("igdb", 'https://www.igdb.com/games/a"b', None),
        (
            "lastfm",
            "https://www.last.fm/music/The+Lamps/_/Harbour+Lights",
            "The Lamps::Harbour Lights",
        ),
        ("lastfm", "https://last.fm/de/music/Bj%C3%B6rn/_/A%2FB", "Björn::A/B"),
        ("lastfm", "https://www.last.fm/music/One%2BTwo/_/%252B1", "One+Two::+1"),
        ("lastfm", "https://www.last.fm/music/+noredirect/Lamps/_/Foam", "Lamps::Foam"),
        ("lastfm", "https://www.last.fm/music/Lamps/Night+Ferry/Foam", "Lamps::Foam"),
        ("lastfm", "https://www.last.fm/music/Lamps/_/One::Two", "Lamps::One::Two"),
        ("lastfm", "https://www.last.fm/music/Lamps/_/+wiki", None),
        ("open_library", "https://openlibrary.org/works/OL91W/The_Quiet_Harbour", "OL91W"),
        ("open_library", "https://www.openlibrary.org/books/OL92M.json", "OL92M"),
        ("open_library", "https://openlibrary.org/works/OL0W", None),
        ("open_library", "https://openlibrary.org/isbn/9780306406157", None),
        ("musicbrainz", f"https://musicbrainz.org/recording/{MBID.upper()}?tport=8000", MBID),
        ("musicbrainz", f"https://beta.musicbrainz.org/recording/{MBID}/relationships", MBID),
        ("musicbrainz", f"https://musicbrainz.org/release/{MBID}", None),
    ],
)
async def test_page_addresses(stub, source, url, external_id):
    async with connected(stub) as connectors:
        connector = connectors.pick(source)
        assert connector.parse_url(url) == external_id
        if external_id is not None:
            assert connector.normalize_id(external_id) == external_id


async def test_google_asks_with_the_key_in_a_header_and_a_country(stub):
    stub.plan("google_books/volumes", {})
    await search(stub, "google_books", "a&b=c #é", limit=99)
    (asked,) = stub.asked
    assert asked.query == {
        "q": "a&b=c #é",
        "maxResults": "40",
        "printType": "books",
        "country": "US",
    }
    assert asked.headers["X-Goog-Api-Key"] == "books-key"


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (403, "dailyLimitExceeded", "Daily Limit Exceeded"),
        (
            429,
            "rateLimitExceeded",
            "Quota exceeded for quota metric 'Queries' and limit 'Queries per day'",
        ),
        (400, "quotaExceeded", "The quota is used up"),
    ],
)
async def test_googles_daily_quota_closes_it_until_midnight_in_the_pacific(
    stub, status, reason, message
):
    error = {"code": status, "message": message, "errors": [{"reason": reason}]}
    stub.plan("google_books/volumes", Answer({"error": error}, status=status))
    async with connected(stub, clock=FakeTime().clock()) as connectors:
        with pytest.raises(UpstreamThrottled):
            await connectors.pick("google_books").search("foam", 1)
        circuits = await connectors.circuits()
    assert circuits["google_books"].remaining_cooldown == pytest.approx(20 * 3600, abs=5)
    assert len(stub.asked) == 1


@pytest.mark.parametrize(
    ("status", "error", "raised"),
    [
        (
            429,
            {"status": "RESOURCE_EXHAUSTED", "errors": [{"reason": "rateLimitExceeded"}]},
            UpstreamThrottled,
        ),
        (403, {"errors": [{"reason": "userRateLimitExceeded"}]}, UpstreamThrottled),
        (
            400,
            {"message": "API key not valid.", "details": [{"reason": "API_KEY_INVALID"}]},
            UpstreamRefused,
        ),
        (403, {"errors": [{"reason": "forbidden"}]}, UpstreamRefused),
        (400, {"errors": [{"reason": "invalid"}], "message": "Missing query."}, RequestRejected),
        (400, "odd", RequestRejected),
    ],
)
async def test_google_says_in_the_body_what_it_means(stub, status, error, raised):
    stub.plan("google_books/volumes", Answer({"error": error}, status=status))
    with pytest.raises(raised):
        await search(stub, "google_books", "foam")


async def test_tmdb_is_asked_for_everything_at_once(stub):
    stub.plan("tmdb/movie/603", {"id": 603, "title": "Foam"})
    await fetch(stub, "tmdb", "movie:603")
    (asked,) = stub.asked
    wanted = "external_ids,credits,watch/providers"
    assert asked.query == {"append_to_response": wanted, "language": "en-US"}
    assert asked.headers["Authorization"] == "Bearer tmdb.v4.token"


async def test_tmdb_takes_an_older_key_in_the_query(stub):
    stub.plan("tmdb/movie/603", {"id": 603, "title": "Foam"})
    await fetch(stub, "tmdb", "movie:603", tmdb_token="0123456789abcdef0123456789ABCDEF")
    assert stub.asked[0].query["api_key"] == "0123456789abcdef0123456789ABCDEF"
    assert "Authorization" not in stub.asked[0].headers


async def test_a_bare_number_is_a_film_or_else_a_series(stub):
    stub.plan("tmdb/movie/603", {"id": 603, "title": "Foam"})
    stub.plan("tmdb/tv/603", {"id": 603, "name": "Foam, the series"})
    stub.plan("tmdb/tv/604", {"id": 604, "name": "Only a series"})
    assert (await fetch(stub, "tmdb", "603")).external_id == "movie:603"
    assert (await fetch(stub, "tmdb", "tv:603")).external_id == "tv:603"
    assert (await fetch(stub, "tmdb", "604")).external_id == "tv:604"
    with pytest.raises(NotAtSource, match="tmdb has no item 605"):
        await fetch(stub, "tmdb", "605")


async def test_igdb_queries_cannot_be_left(stub):
    stub.plan("igdb/games", [])
    await search(stub, "igdb", 'x\\"; fields *; where id = 1;\n"')
    query = stub.asked[-1].body
    assert query.startswith('search "x\\\\\\"; fields *; where id = 1; \\""; fields name,')
    assert query.endswith("where version_parent = null; limit 3;")


async def test_igdb_is_asked_by_number_or_slug(stub):
    stub.plan("igdb/games", [GAME])
    await fetch(stub, "igdb", "042")
    assert stub.asked[-1].body.endswith(" where id = 42; limit 1;")
    assert stub.asked[-1].headers["Client-ID"] == "igdb-id"
    assert stub.asked[-1].headers["Authorization"] == "Bearer app-token"
    assert (await fetch(stub, "igdb", "slug:brine")).external_id == "42"
    assert stub.asked[-1].body.endswith(' where slug = "brine"; limit 1;')
    with pytest.raises(UnusableIdentifier, match="it is a number"):
        await fetch(stub, "igdb", "brine")


async def test_an_igdb_game_that_is_not_there(stub):
    stub.plan("igdb/games", [])
    with pytest.raises(NotAtSource):
        await fetch(stub, "igdb", "42")


async def test_the_twitch_token_is_asked_for_once_and_kept_until_a_minute_before_its_end(stub):
    stub.plan("igdb/games", [GAME])
    time = FakeTime()
    async with connected(stub, clock=time.clock()) as connectors:
        stub.plan(
            "igdb/token", {"access_token": "one", "expires_in": 3600}, {"access_token": "two"}
        )
        igdb = connectors.pick("igdb")
        await asyncio.gather(*(igdb.fetch("42") for _ in range(3)))
        time.passed = 3539
        await igdb.fetch("42")
        assert stub.paths().count("/igdb/token") == 1
        time.passed = 3540
        await igdb.fetch("42")
    assert stub.paths().count("/igdb/token") == 2
    assert stub.asked[-1].headers["Authorization"] == "Bearer two"
    token = next(each for each in stub.asked if each.path == "/igdb/token")
    assert token.query == {}
    assert "client_secret=igdb-secret&grant_type=client_credentials" in token.body


async def test_a_refused_twitch_token_is_renewed_once_and_never_in_a_loop(stub):
    stub.plan("igdb/games", Answer(status=401), [GAME])
    assert (await fetch(stub, "igdb", "42")).title == "Brine"
    assert stub.paths() == ["/igdb/token", "/igdb/games"] * 2
    stub.asked.clear()
    stub.plan("igdb/games", Answer(status=401))
    with pytest.raises(UpstreamRefused, match="INGEST_IGDB_CLIENT_ID, INGEST_IGDB_CLIENT_SECRET"):
        await fetch(stub, "igdb", "42")
    assert stub.paths() == ["/igdb/token", "/igdb/games"] * 2


async def test_callers_refused_together_renew_the_token_together(stub):
    refusals = [Answer(status=401, after=0.3 if n else 0.1) for n in range(2)]
    stub.plan("igdb/games", *refusals, [GAME])
    async with connected(stub) as connectors:
        igdb = connectors.pick("igdb")
        stub.plan("igdb/token", {"access_token": "old"}, {"access_token": "new"})
        await asyncio.gather(igdb.fetch("42"), igdb.fetch("42"))
    assert stub.paths().count("/igdb/token") == 2


@pytest.mark.parametrize(
    ("token", "error"),
    [
        (Answer({"status": 400, "message": "invalid client"}, status=400), UpstreamRefused),
        (Answer({"status": 403, "message": "invalid client secret"}, status=403), UpstreamRefused),
        (Answer({"token_type": "bearer"}), UpstreamGarbage),
        (Answer(status=500), UpstreamUnavailable),
    ],
)
async def test_no_twitch_token(stub, token, error):
    async with connected(stub) as connectors:
        stub.plan("igdb/token", token)
        with pytest.raises(error):
            await connectors.pick("igdb").fetch("42")
        assert (await connectors.circuits())["igdb"].failure_streak == 1
    assert "/igdb/games" not in stub.paths()


@pytest.mark.parametrize("reply", [{"message": "odd"}, [{"name": "No id"}], [{"id": 42}]])
async def test_igdb_answers_that_are_no_game(stub, reply):
    stub.plan("igdb/games", reply)
    with pytest.raises(UpstreamGarbage):
        await fetch(stub, "igdb", "42")


@pytest.mark.parametrize("status", [200, 404])
async def test_lastfm_says_not_found_under_any_status(stub, status):
    stub.plan("lastfm", Answer({"error": 6, "message": "Track not found"}, status=status))
    async with connected(stub) as connectors:
        for _ in range(4):
            with pytest.raises(NotAtSource):
                await connectors.pick("lastfm").fetch("Lamps::Foam")
        assert await connectors.pick("lastfm").search("foam", 3) == []
        assert (await connectors.circuits())["lastfm"].state is State.CLOSED


@pytest.mark.parametrize(
    ("code", "error", "requests"),
    [
        (8, UpstreamUnavailable, 3),
        (11, UpstreamUnavailable, 3),
        ("16", UpstreamUnavailable, 3),
        (29, UpstreamThrottled, 3),
        (10, UpstreamRefused, 1),
        (26, UpstreamRefused, 1),
        (3, RequestRejected, 1),
    ],
)
async def test_lastfm_errors_come_with_status_200(stub, code, error, requests):
    stub.plan("lastfm", {"error": code, "message": "…"})
    with pytest.raises(error):
        await fetch(stub, "lastfm", "Lamps::Foam")
    assert len(stub.asked) == requests


@pytest.mark.parametrize(
    ("external_id", "asked"),
    [
        (MBID.upper(), {"mbid": MBID}),
        ("Lamps & Co::Foam?::Part=2", {"artist": "Lamps & Co", "track": "Foam?::Part=2"}),
        (" Lamps :: Foam ", {"artist": "Lamps", "track": "Foam"}),
    ],
)
async def test_lastfm_is_asked_by_id_or_names(stub, external_id, asked):
    stub.plan("lastfm", {"track": {"name": "Foam", "artist": {"name": "Lamps"}}})
    await fetch(stub, "lastfm", external_id)
    usual = {
        "method": "track.getInfo",
        "autocorrect": "1",
        "api_key": "lastfm-key",
        "format": "json",
    }
    assert stub.asked[0].query == asked | usual


@pytest.mark.parametrize(
    "external_id", ["Foam", "::Foam", "Lamps::", "a::" + "b" * 300, "a::b\n c"]
)
async def test_lastfm_needs_both_names(stub, external_id):
    with pytest.raises(UnusableIdentifier):
        await fetch(stub, "lastfm", external_id)


async def test_lastfm_star_is_no_cover(stub):
    star = "https://img.example.org/300x300/2a96cbd8b46e442fc41c2b86b821562f.png"
    images = [
        {"#text": star, "size": "mega"},
        {"#text": "//img.example.org/s.png", "size": "small"},
    ]
    track = {"name": "Foam", "artist": {"name": "Lamps"}, "album": {"image": images}}
    stub.plan("lastfm", {"track": track})
    assert (
        await fetch(stub, "lastfm", "Lamps::Foam")
    ).cover_image_url == "https://img.example.org/s.png"


async def test_lastfm_track_without_track(stub):
    stub.plan("lastfm", {"hello": 1})
    with pytest.raises(UpstreamGarbage):
        await fetch(stub, "lastfm", "Lamps::Foam")


async def test_tmdb_is_asked_who_shows_a_title_where_people_want_to_know(stub):
    everywhere = {code: {"flatrate": [{"provider_name": "Pier"}]} for code in ("GB", "FR", "BR")}
    film = {"id": 5, "title": "Foam", "watch/providers": {"results": everywhere}}
    stub.plan("tmdb/movie/5", film)
    some = await fetch(stub, "tmdb", "movie:5")
    none = await fetch(stub, "tmdb", "movie:5", availability_regions=())
    assert [each.region for each in some.availability] == ["GB", "FR"]
    assert set(orjson.loads(some.raw_payload)["watch/providers"]["results"]) == {"GB", "FR"}
    assert none.availability is None
    asked = [each.query["append_to_response"] for each in stub.asked]
    assert asked == ["external_ids,credits,watch/providers", "external_ids,credits"]


@pytest.mark.parametrize(
    "odd", [{}, {"results": None}, {"results": []}, {"results": {"GB": [], "FR": {"rent": {}}}}]
)
async def test_a_title_that_nobody_shows(stub, odd):
    stub.plan("tmdb/tv/5", {"id": 5, "name": "Foam", "watch/providers": odd})
    assert (await fetch(stub, "tmdb", "tv:5")).availability == ()
