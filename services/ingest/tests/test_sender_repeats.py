"""What is the same when a sender says the same thing twice, and what is not; odd members."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from ingest.webhooks import deciding
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.foreign_ids import BOOK, EPISODE, FILM, SERIES, foreign_ids
from ingest.webhooks.happenings import Happening, What
from ingest.webhooks.moments import moment
from ingest.webhooks.senders import SENDERS
from ingest.webhooks.senders.arr import app_of, astray

from .test_senders import CASES


def body(case: str, **members: object) -> dict[str, object]:
    return {**CASES[case][1]["body"], **members}


def read(sender: str, document: dict[str, object]) -> Happening:
    (part,) = SENDERS[sender].read(document)
    return part.happening


def identity(happening: Happening) -> tuple[object, ...]:
    """Of what a content key is made."""
    return happening.what, happening.work, happening.accounts, happening.key


def test_an_import_that_sonarr_tells_twice_is_one():
    file, complete = (
        read("sonarr", body(f"sonarr-download_{each}")) for each in ("file", "complete")
    )
    assert identity(file) == identity(complete)
    other = read("sonarr", body("sonarr-download_file", downloadId="GHI789"))
    assert identity(other) != identity(file)


def test_without_a_download_the_files_tell_imports_apart():
    first = body("sonarr-download_file", downloadId="")
    complete = body("sonarr-download_file", downloadId="", episodeFiles=[first.pop("episodeFile")])
    again = body("sonarr-download_file", downloadId=None)
    del complete["episodeFile"]
    assert identity(read("sonarr", complete)) == identity(read("sonarr", again))
    other = body("sonarr-download_file", downloadId="", episodeFile={"id": 999})
    assert identity(read("sonarr", other)) != identity(read("sonarr", again))


@pytest.mark.parametrize("deleted", [True, False, [{"id": 1}], None, "no"])
@pytest.mark.parametrize("event", ["Download", "MovieDelete"])
def test_deleted_files_are_a_list_or_a_boolean(event, deleted):
    happening = read("radarr", body("radarr-download", eventType=event, deletedFiles=deleted))
    assert happening.what is (What.ACQUIRED if event == "Download" else What.NOTHING)
    assert happening.work == read("radarr", body("radarr-download")).work


def test_the_release_stands_in_for_a_film_that_has_no_ids():
    bare = read("radarr", body("radarr-download", movie={"id": 1, "title": "The Quiet Harbour"}))
    assert bare.work == read("radarr", body("radarr-download")).work
    nameless = read("radarr", body("radarr-download", movie=None, remoteMovie=None))
    assert nameless.work.title == "The Quiet Harbour (2019)"


def test_a_finish_that_jellyfin_tells_twice_is_one():
    stop = body("jellyfin-stop_episode_completed")
    saved = {
        **stop,
        "NotificationType": "UserDataSaved",
        "SaveReason": "PlaybackFinished",
        "Played": True,
        "UtcTimestamp": "2026-11-22T21:10:32.0000000Z",
    }
    assert identity(read("jellyfin", stop)) == identity(read("jellyfin", saved))


def test_a_finish_that_the_other_plugin_tells_twice_is_one():
    stop, scrobble = (
        body("jellyfin-other_stop_movie", Event=each) for each in ("Stop", "Scrobble")
    )
    assert identity(read("jellyfin", stop)) == identity(read("jellyfin", scrobble))


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (61_000_000_000, What.FINISHED),
        ("61000000000", What.FINISHED),
        (9_000_000_000, What.NOTHING),
    ],
)
def test_a_template_without_the_verdict_has_the_position(position, expected):
    half_way = body("jellyfin-stop_movie_half_way", PlaybackPositionTicks=position)
    del half_way["PlayedToCompletion"]
    assert read("jellyfin", half_way).what is expected


def test_what_was_played_long_ago_is_not_finished_by_a_short_look():
    item = body("jellyfin-other_stop_movie")["Item"] | {"UserData": {"Played": True}}
    session = {"PlayState": {"PositionTicks": 1_000_000_000}}
    short = body("jellyfin-other_stop_movie", Item=item, Session=session)
    assert read("jellyfin", short).what is What.NOTHING
    assert read("jellyfin", {**short, "Session": None}).what is What.FINISHED
    saved = {"Played": True, "PlaybackPositionTicks": 1_000_000_000}
    for kept in (item | {"UserData": saved}, {"Type": "Movie", "Name": "x", "UserData": saved}):
        assert read("jellyfin", {**short, "Session": None, "Item": kept}).what is What.NOTHING


def test_names_of_a_template_are_found_in_any_case():
    typed = {name.lower(): value for name, value in body("jellyfin-start_episode").items()}
    assert read("jellyfin", typed) == read("jellyfin", body("jellyfin-start_episode"))


def test_each_view_at_plex_is_one():
    first = body("plex-scrobble_track")
    later = {**first, "Metadata": first["Metadata"] | {"lastViewedAt": 1795381890}}
    assert identity(read("plex", first)) == identity(read("plex", later))
    second = {**first, "Metadata": first["Metadata"] | {"viewCount": 5}}
    assert identity(read("plex", first)) != identity(read("plex", second))


def test_a_film_of_plex_that_is_an_extra_is_none():
    play = body("plex-play_movie")
    extra = {**play, "Metadata": play["Metadata"] | {"extraType": 1}}
    assert read("plex", extra).reason == "not a work: a trailer"


@pytest.mark.parametrize("sender", ["jellyfin-stop_song", "tautulli-watched_track"])
def test_a_track_is_heard_again(sender):
    name, case = CASES[sender]
    (of_time,) = {"UtcTimestamp", "time"} & case["body"].keys()
    times = ("2026-11-22T20:10:31Z", "2026-11-22T20:10:33Z", "2026-11-22T20:20:31Z")
    first, same, again = (read(name, {**case["body"], of_time: each}).key for each in times)
    assert first == same != again


def test_one_of_the_four_is_told_by_its_work_or_name():
    for name in ("radarr", "sonarr", "lidarr", "readarr"):
        assert app_of(body(f"arr-{name}")).name == name
        assert app_of({"eventType": "Health", "instanceName": f"{name.title()} 4K"}).name == name
    assert app_of({"eventType": "Health"}) is None


@pytest.mark.parametrize("event", ["Download", "Test", "Health", "SeriesAdd"])
def test_what_came_to_the_address_of_another_of_the_four_is_told_so(event):
    document = body("sonarr-download_file", eventType=event)
    (part,) = astray("radarr", document)
    assert part.happening.what is What.NOTHING
    assert part.happening.event_name == event
    assert part.happening.reason == (
        "this looks like Sonarr's: use Sonarr's address, or one for any of the four"
    )
    for name in ("sonarr", "arr", "generic"):
        assert astray(name, document) == ()
    assert astray("radarr", {"eventType": "Health"}) == ()


@pytest.mark.parametrize(("sender", "case"), CASES.values(), ids=CASES)
def test_nothing_that_came_to_its_own_address_is_astray(sender, case):
    assert astray(sender, case["body"]) == ()


def test_a_thousand_listens_are_a_thousand_parts():
    listen = body("listenbrainz-single")["payload"][0]
    listens = [{**listen, "listened_at": 1_700_000_000 + 200 * each} for each in range(1000)]
    parts = SENDERS["listenbrainz"].read({"listen_type": "import", "payload": listens})
    assert len({part.happening.key for part in parts}) == 1000
    with pytest.raises(Unreadable, match="more than 1000 listens"):
        SENDERS["listenbrainz"].read({"listen_type": "import", "payload": [*listens, listen]})


def test_the_template_for_tautulli_is_read_to_its_last_member():
    template = orjson.loads(SENDERS["tautulli"].guide.template)
    assert template.keys() == body("tautulli-watched_episode").keys()


def test_the_schema_of_our_own_event_has_all_documented_names():
    schema = SENDERS["generic"].guide.schema
    assert schema["required"] == ["event"]
    properties = schema["properties"]
    assert properties["event"]["enum"] == ["started", "finished", "acquired", "unplayed", "test"]
    assert properties["media_type"]["enum"] == ["book", "movie", "tv", "game", "music"]
    assert set(properties["ids"]["properties"]) == {
        "google_books", "igdb", "imdb", "isbn", "lastfm", "musicbrainz_recording", "tastebuds",
        "tmdb", "tvdb",
    }  # fmt: skip
    assert set(properties) == {
        "event", "media_type", "title", "year", "creator", "artist", "album", "ids", "season",
        "episode", "occurred_at", "account", "id", "note",
    }  # fmt: skip
    assert all(each["description"] for each in properties.values())
    read("generic", orjson.loads(SENDERS["generic"].guide.template))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-11-22T22:10:31.1234567+01:00", "2026-11-22T21:10:31.123456+00:00"),
        ("2026-11-22T21:10:31", "2026-11-22T21:10:31+00:00"),
        ("2026-11-22", "2026-11-22T00:00:00+00:00"),
        (1795381831, "2026-11-22T21:10:31+00:00"),
        ("1795381831", "2026-11-22T21:10:31+00:00"),
        (1795381831000, "2026-11-22T21:10:31+00:00"),
        ("November 22, 2026 at 09:10PM", "2026-11-22T21:10:00+00:00"),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-14:00", None),
        (0, None),
        (-5, None),
        (True, None),
        ("yesterday", None),
        ("", None),
        (None, None),
        ([1795381831], None),
    ],
)
def test_times_are_utc(given, expected):
    found = moment(given)
    assert (found.isoformat() if found else None) == expected


def test_nothing_happened_the_day_after_tomorrow():
    now = datetime.now(UTC)
    assert moment((now + timedelta(hours=23)).isoformat()) is not None
    assert moment((now + timedelta(hours=25)).isoformat()) is None


def listens(*times):
    listen = body("listenbrainz-single")["payload"][0]
    heard = [{**listen, "listened_at": each} for each in times]
    parts = SENDERS["listenbrainz"].read({"listen_type": "import", "payload": heard})
    return [part.happening for part in parts]


def test_listens_at_times_that_cannot_be_read_are_told_apart_but_not_for_long():
    keys = {deciding.content_key("", each) for each in listens("x", "y", "2099-01-01", None, "x")}
    assert len(keys) == 4
    untimed, timed = listens("x", 1_700_000_000)
    assert (untimed.unread_time, untimed.at) == ("x", None)
    # A client that always writes the same loses no listen but echoes.
    assert deciding.window(untimed) == deciding.ECHO_WINDOW < deciding.window(timed)


@pytest.mark.parametrize(
    "value", [0, "", "0", "test", "tt", "-1", None, True, 1.5, [], {}, "1" * 70]
)
@pytest.mark.parametrize("schemes", [FILM, SERIES, EPISODE, BOOK], ids=["film", "series", "e", "b"])
def test_what_is_no_id_is_absent(schemes, value):
    assert foreign_ids(schemes, dict.fromkeys(schemes, value)) == ()


def test_ids_that_cannot_be_read_are_not_called_absent():
    said = {"event": "finished", "media_type": "movie"}
    assert read("generic", said | {"ids": {"tastebuds": "nope"}}).reason == (
        "it has no title, and none of its ids is one of a movie: tastebuds, tmdb, imdb"
    )
    assert read("generic", said).reason == "it has neither title nor ids"


def test_ids_are_written_one_way():
    (found,) = foreign_ids(FILM, {"tmdb": 603.0})
    assert found.value == "603"
    found = foreign_ids(FILM, {"Tmdb": "00603", "IMDB": " TT0133093 ", "Tvdb": "169"})
    assert [(each.scheme, each.value) for each in found] == [
        ("tmdb_movie", "603"),
        ("imdb", "tt0133093"),
    ]
