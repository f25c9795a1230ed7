"""Which work is meant: by what is known, by what its source says, and what is left to a person."""

from uuid import uuid4

import pytest

from common.jobs import Delivery, Lane, TryLater
from ingest.models import Resolution
from ingest.webhooks.matching import likeliest

from .job_desk import Counted
from .upstream_stub import Answer, FakeTime
from .webhook_desk import MOST_ATTEMPTS, film, open_office, work_of

SERIES = {"id": 210001, "name": "Tidewatch", "first_air_date": "2021-04-01"}
SHOW = {"media_type": "tv", "title": "Tidewatch", "year": 2021}
PLAY = {"what": "finished", "note": "S01E03 · Low Water"}
BOOK = {"media_type": "book", "title": "Salt and Lantern", "artist": "Mara Ellison"}
VOLUME = {
    "id": "SaltLantern1",
    "volumeInfo": {
        "title": "Salt and Lantern",
        "industryIdentifiers": [{"type": "ISBN_13", "identifier": "9780000000002"}],
    },
}
SONG = {"media_type": "music", "artist": "the lamps", "title": "harbour lights"}
MBID = "6a1f3b52-7c1d-4f83-9f0e-0c2f8f5f6f01"
TRACK = {"name": "Harbour Lights", "artist": {"name": "The Lamps"}, "mbid": MBID}


@pytest.fixture
async def office(serve, database, upstream, catalogue):
    async with open_office(serve, database, upstream, catalogue) as opened:
        yield opened


def episode(number=3, *, of_series=None, own=None):
    """A play of it, with ids of the series and of the episode."""
    part = {"season": 1, "number": number, "title": "Low Water", "ids": own or {}}
    return {**PLAY, "work": {**SHOW, "ids": of_series or {}, "episode": part}}


def plan_series(upstream, **found):
    upstream.plan("tmdb/tv/210001", SERIES)
    for address, hits in found.items():
        upstream.plan(f"tmdb/find/{address.removeprefix('_')}", hits)


async def test_a_series_by_its_tvdb_id(office, upstream):
    plan_series(upstream, _400001={"tv_results": [{"id": 210001}]})
    row = await office.deal(episode(of_series={"tvdb": "400001"}))
    assert row.decision == ("matched by tvdb 400001 → tmdb tv:210001; done: currently consuming")
    assert (row.source, row.external_id) == ("tmdb", "tv:210001")
    assert row.title == "Tidewatch · S01E03"
    assert office.handed_over == ["tmdb"]
    assert upstream.asked[0].query["external_source"] == "tvdb_id"


async def test_what_was_found_is_remembered(office, upstream):
    plan_series(upstream, _400001={"tv_results": [{"id": 210001}]})
    await office.deal(episode(of_series={"tvdb": "400001"}))
    asked = len(upstream.asked)
    event_id = await office.post(episode(4, of_series={"tvdb": "400001"}))
    office.catalogue.lookups.clear()
    with Counted() as statements:
        await office.try_once(event_id)
    assert statements() == 4
    assert (await office.row(event_id)).decision.startswith("matched by tvdb 400001 → tmdb tv")
    assert office.catalogue.lookups == [("tmdb", "tv:210001")]
    assert len(upstream.asked) == asked
    assert office.handed_over == ["tmdb"]  # the first one only


@pytest.mark.parametrize(("scheme", "value"), [("tvdb", "8100003"), ("imdb", "tt8800103")])
async def test_an_episode_leads_to_its_series(office, upstream, scheme, value):
    found = {"tv_episode_results": [{"id": 3100003, "show_id": 210001}]}
    plan_series(upstream, **{f"_{value}": found})
    row = await office.deal(episode(own={"tmdb_episode": "3100003", scheme: value}))
    assert row.decision.startswith(
        f"matched by the episode's {scheme} {value} → tmdb tv:210001; done:"
    )


async def test_the_number_of_an_episode_is_not_that_of_a_series(office, upstream):
    """TVDB counts both from one: neither may be remembered or taken for the other."""
    both = {
        "tv_results": [{"id": 77}],
        "tv_episode_results": [{"id": 3100003, "show_id": 210001}],
    }
    plan_series(upstream, _8100003=both)
    upstream.plan("tmdb/tv/77", SERIES | {"id": 77, "name": "Other Shore"})
    of_series = await office.deal(episode(of_series={"tvdb": "8100003"}))
    of_episode = await office.deal(episode(own={"tvdb": "8100003"}))
    assert (of_series.external_id, of_episode.external_id) == ("tv:77", "tv:210001")


async def test_an_id_that_is_only_the_episodes_needs_a_match_at_once(office, upstream):
    hits = {"results": [SERIES | {"media_type": "tv"}]}
    upstream.plan("tmdb/search/multi", hits)
    row = await office.deal(episode(own={"tmdb_episode": "3100003"}))
    assert (row.state, row.decision) == ("needs_match", "needs a match: the id is the episode's")
    assert row.suggestions == [
        {"source": "tmdb", "external_id": "tv:210001", "title": "Tidewatch", "year": 2021}
    ]
    assert office.library.calls == []


async def test_an_episode_that_its_source_does_not_know(office, upstream):
    plan_series(upstream, _8109999={})
    row = await office.deal(episode(own={"tvdb": "8109999"}))
    assert row.decision == "needs a match: tmdb does not know the episode's tvdb 8109999"


async def test_an_episodes_id_given_as_the_series_is_not_taken(office, upstream):
    plan_series(upstream, _tt8800103={"tv_episode_results": [{"id": 1, "show_id": 210001}]})
    row = await office.deal({**PLAY, "work": SHOW | {"ids": {"imdb": "tt8800103"}}})
    assert row.state == "waiting"
    assert row.decision == "needs a match: the id is the episode's: imdb tt8800103"


@pytest.mark.parametrize(
    "hits",
    [
        {},
        {"movie_results": [{"id": 9}]},
        {"tv_results": [{"id": 1}, {"id": 2}]},
        {"tv_results": "odd", "tv_episode_results": [{"id": 3}]},
    ],
)
async def test_what_is_not_certain_is_not_taken(office, upstream, hits):
    plan_series(upstream, _400001=hits)
    row = await office.deal({**PLAY, "work": SHOW | {"ids": {"tvdb": "400001"}}})
    assert row.state == "waiting"
    assert row.decision.startswith("needs a match: ")
    assert await office.rows(Resolution) == []


async def test_the_next_id_is_tried_when_one_leads_nowhere(office, upstream):
    upstream.plan("tmdb/find/tt9900001", {"movie_results": [{"id": 5}]})
    upstream.plan("tmdb/movie/5", {"id": 5, "title": "The Ferry"})
    said = film(4)
    said["work"]["ids"]["imdb"] = "tt9900001"
    row = await office.deal(said)
    assert row.decision.startswith("matched by imdb tt9900001 → tmdb movie:5; done: ")


async def test_a_book_by_its_isbn(office, upstream):
    other = {"id": "Mentions0001", "volumeInfo": {"title": "On 9780000000002"}}
    upstream.plan("google_books/volumes", {"items": [other, VOLUME]})
    upstream.plan("google_books/volumes/SaltLantern1", VOLUME)
    row = await office.deal({**PLAY, "work": BOOK | {"ids": {"isbn": "978-0-00-000000-2"}}})
    assert row.decision == (
        "matched by isbn 9780000000002 → google_books SaltLantern1; done: consumed"
    )
    assert upstream.asked[0].query["q"] == "isbn:9780000000002"


async def test_a_book_that_only_mentions_the_isbn_is_a_suggestion(office, upstream):
    other = {"id": "Mentions0001", "volumeInfo": {"title": "Other", "publishedDate": "2018"}}
    upstream.plan("google_books/volumes", {"items": [other]})
    row = await office.deal({**PLAY, "work": BOOK | {"ids": {"isbn": "9780000000002"}}})
    assert row.decision == "needs a match: google_books does not know isbn 9780000000002"
    assert [each["external_id"] for each in row.suggestions] == ["Mentions0001"]
    assert upstream.asked[-1].query["q"] == "Salt and Lantern Mara Ellison"


async def test_a_track_by_artist_and_title(office, upstream):
    upstream.plan("lastfm", {"track": TRACK})
    row = await office.deal({**PLAY, "work": SONG})
    assert row.decision == (
        f"matched by artist and title the lamps::harbour lights → lastfm {MBID}; done: consumed"
    )
    office.catalogue.lookups.clear()
    again = await office.deal({**PLAY, "work": SONG, "key": "another listen"})
    assert again.state == "done"
    assert len(upstream.asked) == 1
    assert office.catalogue.lookups == [("lastfm", MBID)]


async def test_a_track_that_lastfm_does_not_know_by_its_mbid(office, upstream):
    upstream.plan("lastfm", {"error": 6, "message": "Track not found"}, {"track": TRACK})
    row = await office.deal({**PLAY, "work": SONG | {"ids": {"mbid_recording": MBID}}})
    assert row.state == "done"
    assert [asked.query.get("mbid") for asked in upstream.asked] == [MBID, None]


async def test_a_game_and_a_work_of_ours_by_their_ids(office, upstream):
    game = office.know("42", source="igdb")
    row = await office.deal({**PLAY, "work": {"media_type": "game", "ids": {"igdb": "42"}}})
    assert (row.media_item_id, row.decision) == (game, "matched by igdb 42; done: consumed")
    ours = uuid4()
    row = await office.deal(
        {**PLAY, "work": {"media_type": "game", "ids": {"tastebuds": str(ours)}}}
    )
    assert row.media_item_id == ours
    assert upstream.asked == []


async def test_without_ids_there_are_suggestions_for_a_person(office, upstream):
    row = await office.deal({**PLAY, "work": {"media_type": "movie", "title": "The Ferry"}})
    assert row.state == "needs_match"
    assert row.decision == "needs a match: the message has no id that a source knows"
    assert row.next_try_at is None
    assert upstream.asked[-1].query["query"] == "The Ferry"


async def test_the_likeliest_come_first_and_five_at_most(office, upstream):
    hits = [
        {"id": 1, "media_type": "tv", "name": "Ferry", "first_air_date": "2011-01-01"},
        {"id": 2, "media_type": "movie", "title": "Ferry", "release_date": "1999-01-01"},
        {"id": 3, "media_type": "movie", "title": "Ferry", "release_date": "2011-05-05"},
        *({"id": 10 + n, "media_type": "movie", "title": "Ferry"} for n in range(9)),
    ]
    upstream.plan("tmdb/search/multi", {"results": hits})
    connector = office.desk.matcher.connectors.pick("tmdb")
    work = work_of({"media_type": "movie", "title": "Ferry", "year": 2011})
    drafts = likeliest(await connector.search("Ferry", 20), work)
    assert [draft.external_id for draft in drafts] == [
        "movie:3",
        "movie:2",
        "movie:10",
        "movie:11",
        "movie:12",
    ]


async def test_no_match_waits_longer_and_longer_then_for_a_person(office, upstream):
    event_id = await office.post(film())
    waits = []
    for attempt in range(1, 7):
        later = await office.try_once(event_id, attempt, "tmdb")
        row = await office.row(event_id)
        waits.append(later and later.after)
        assert row.state == ("waiting" if later else "needs_match")
        assert (row.next_try_at is None) == (later is None)
        assert row.decision == "needs a match: tmdb has no item movie:5"
    assert waits == [60, 600, 3600, 21600, 86400, None]
    assert await office.try_once(event_id) is None
    assert (await office.row(event_id)).attempts == 6


async def test_what_is_found_at_a_later_try_has_its_effect(office, upstream):
    event_id = await office.post(film())
    assert (await office.try_once(event_id)).after == 60
    upstream.plan("tmdb/movie/5", {"id": 5, "title": "The Ferry"})
    assert await office.try_once(event_id, 2, "tmdb") is None
    row = await office.row(event_id)
    assert (row.state, row.suggestions, row.next_try_at) == ("done", [], None)
    assert [entry["state"] for entry in row.history] == ["waiting", "done"]


HANG = Answer({}, after=5)


@pytest.mark.parametrize(
    ("fault", "words", "after"),
    [
        (Answer(status=500), "tmdb is not available: status 500", 2),
        (Answer(status=429, headers={"Retry-After": "90"}), "tmdb asks for a pause", 90),
        (HANG, "tmdb is not available: no answer in time", 2),
        (Answer(b"\x00not json"), "tmdb gave an unreadable answer: not JSON", 2),
        (Answer(status=401), "tmdb refuses our key (401): check INGEST_TMDB_TOKEN", 2),
    ],
)
@pytest.mark.parametrize("path", ["tmdb/movie/5", "tmdb/find/tt9900001"])
async def test_a_source_in_trouble_is_waited_for(office, upstream, fault, words, after, path):
    upstream.plan(path, fault)
    ids = {"tmdb_movie": "5"} if path.endswith("movie/5") else {"imdb": "tt9900001"}
    event_id = await office.post({**PLAY, "work": {"media_type": "movie", "ids": ids}})
    later = await office.try_once(event_id)
    assert (str(later), later.after, later.counted) == (words, after, True)
    row = await office.row(event_id)
    assert (row.state, row.decision) == ("waiting", words)
    assert row.next_try_at is not None
    assert office.library.calls == []


async def test_an_open_circuit_is_not_asked_and_tries_do_not_burn_away(
    serve, database, upstream, catalogue
):
    time = FakeTime()
    upstream.plan("tmdb/movie/5", Answer(status=429, headers={"Retry-After": "300"}))
    async with open_office(serve, database, upstream, catalogue, clock=time.clock()) as office:
        first = await office.post(film())
        assert (await office.try_once(first)).after == 300
        asked = len(upstream.asked)
        await time.pass_by(299, database)
        later = await office.try_once(first, 4, "tmdb")
        # A second is left of the pause, but the fourth try has earned itself two minutes.
        assert (str(later), later.after) == ("tmdb temporarily unavailable", 120)
        assert len(upstream.asked) == asked


async def test_the_last_failure_is_given_up_and_not_said_to_wait(office, upstream):
    upstream.plan("tmdb/movie/5", Answer(status=500))
    event_id = await office.post(film())
    delivery = Delivery(Lane("tmdb", most_attempts=2), event_id, 2)
    with pytest.raises(TryLater, match="status 500"):
        await office.desk.deal_with(event_id, delivery)
    row = await office.row(event_id)
    assert (row.state, row.next_try_at) == ("failed", None)
    assert row.decision == "given up: tmdb is not available: status 500"
    assert (await office.own()).last_error == "tmdb is not available: status 500"
    await office.desk.give_up(event_id)  # its row says why already
    assert len((await office.row(event_id)).history) == 1


async def test_ones_allowance_of_fetches_holds_for_webhooks_and_costs_no_try(
    serve, database, upstream, catalogue
):
    for number in (1, 2):
        upstream.plan(f"tmdb/movie/{number}", {"id": number, "title": "The Ferry"})
    async with open_office(serve, database, upstream, catalogue, per_minute=1) as office:
        assert await office.try_once(await office.post(film(1))) is None
        event_id = await office.post(film(2))
        later = await office.try_once(event_id, MOST_ATTEMPTS)
        assert not later.counted
        assert 0 < later.after <= 60
        assert (await office.row(event_id)).state == "waiting"


async def test_a_source_that_is_off_is_waited_for_but_what_is_known_is_not(
    serve, database, upstream, catalogue
):
    async with open_office(serve, database, upstream, catalogue, tmdb_token="") as office:
        row = await office.deal(film(6))
        assert row.state == "waiting"
        assert row.decision == "needs a match: tmdb is off: INGEST_TMDB_TOKEN is not set"
        last = await office.deal({**film(6), "key": "2"}, attempt=6)
        assert last.state == "needs_match"
        assert office.handed_over == []
        office.know("movie:5")
        assert (await office.deal(film())).state == "done"


async def test_where_a_source_is_off_another_that_has_such_works_stands_in(
    serve, database, upstream, catalogue
):
    upstream.plan(f"musicbrainz/recording/{MBID}", {"id": MBID, "title": "Harbour Lights"})
    async with open_office(serve, database, upstream, catalogue, lastfm_key=None) as office:
        row = await office.deal({**PLAY, "work": SONG | {"ids": {"mbid_recording": MBID}}})
        assert row.decision == f"matched by mbid {MBID}; done: consumed"
        assert (row.source, office.handed_over) == ("musicbrainz", ["musicbrainz"])


async def test_a_person_chooses_a_work_of_the_catalogue(office, upstream):
    work = uuid4()
    row = await office.deal({**PLAY, "work": SHOW}, media_item_id=work)
    assert (row.state, row.media_item_id) == ("done", work)
    assert row.decision == f"matched by a person: {work}; done: consumed"
    assert (upstream.asked, office.catalogue.lookups) == ([], [])


async def test_a_person_chooses_an_id_at_a_source(office, upstream):
    chosen = {"source": "tmdb", "external_id": "tv:210001"}
    event_id = await office.post({**PLAY, "work": SHOW}, **chosen)
    upstream.plan("tmdb/tv/210001", Answer(status=500))
    assert (await office.try_once(event_id)).after == 2
    row = await office.row(event_id)
    assert (row.state, row.external_id) == ("waiting", "tv:210001")  # the choice is kept
    upstream.plan("tmdb/tv/210001", SERIES)
    await office.try_once(event_id, 2, "tmdb")
    assert (await office.row(event_id)).decision == (
        "matched by a person: tmdb tv:210001; done: consumed"
    )


async def test_a_choice_is_no_duplicate_and_no_matter_of_accounts(office):
    office.know("tv:210001")
    await office.integrate(name="den", accounts=["bo"])
    chosen = {"source": "tmdb", "external_id": "tv:210001"}
    for _ in range(2):
        row = await office.deal({**PLAY, "work": SHOW, "accounts": ["ana"]}, **chosen)
        assert row.state == "done"


async def test_a_choice_that_the_source_does_not_know(office):
    row = await office.deal({**PLAY, "work": SHOW}, source="tmdb", external_id="tv:9")
    assert row.decision == "needs a match: tmdb has no item tv:9"
    assert row.suggestions == []
