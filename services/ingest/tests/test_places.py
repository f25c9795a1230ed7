"""An episode is never taken for its series, however its place is written."""

import pytest

from ingest.webhooks import deciding
from ingest.webhooks.effects import activity_of
from ingest.webhooks.places import episode
from ingest.webhooks.senders import SENDERS

from .test_senders import CASES

SEEN = {"event": "finished", "media_type": "tv", "ids": {"tmdb": 7003}}
PLAYS = {
    name: (sender, case["body"])
    for name, (sender, case) in CASES.items()
    for part in case["parts"]
    if part["what"] == "finished" and part.get("episode")
}
ODD = [10**20, "10" * 30, "third", True, ["a"], {"number": 3}, -1, 1.5]
NUMBERS = {
    "season", "episode", "SeasonNumber", "EpisodeNumber", "EpisodeNumberEnd", "IndexNumber",
    "IndexNumberEnd", "ParentIndexNumber", "index", "parentIndex",
}  # fmt: skip


def seen(**members):
    (part,) = SENDERS["generic"].read({**SEEN, **members})
    return part.happening


@pytest.mark.parametrize(
    ("season", "number", "place"),
    [
        (1, 3, "S01E03"),
        ("01", 3.0, "S01E03"),
        ("S01", "E03", "S01E03"),
        ("Season 1", "Episode 3", "S01E03"),
        (None, "s01e03", "S01E03"),
        ("S01E03", "", "S01E03"),
        ("S01E03", 3, "S01E03"),
        (1, "S01 E03", "S01E03"),
        ("", "1x03", "S01E03"),
        (1, "E03-E04", "S01E03-E04"),
        (0, "ep. 2", "S00E02"),
        (2, None, "S02"),
        (None, 12, "E12"),
    ],
)
def test_a_place_is_read_as_people_write_it(season, number, place):
    assert str(episode(season, number)) == place


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_without_a_word_of_an_episode_it_is_the_series(nothing):
    assert episode(nothing, nothing) is None
    assert activity_of(seen(season=nothing, episode=nothing), library=True) == "finished"


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize("member", ["season", "episode", "episode_number"])
def test_whatever_stands_for_an_episode_is_no_whole_series(member, odd):
    assert activity_of(seen(**{member: odd}), library=True) == "progressed"


def test_the_name_of_the_type_is_enough():
    assert activity_of(seen(media_type="episode"), library=True) == "progressed"


def test_episodes_that_cannot_be_read_are_told_apart_by_their_words():
    said = [{"season": 1, "episode": 10**20}, {"season": 1, "episode": 10**21}, {"season": 1}]
    said += [{"season": each, "episode": 3} for each in ("one", "two")]
    keys = {deciding.content_key("generic", seen(**each)) for each in said}
    assert len(keys) == len(said)
    assert seen(season="S01", episode="third").note == "S01 · third"


def spoilt(value, odd):
    """With `odd` for every number of a season or an episode."""
    if isinstance(value, list):
        return [spoilt(each, odd) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: odd if name in NUMBERS else spoilt(inner, odd) for name, inner in value.items()}


@pytest.mark.parametrize("odd", [None, *ODD], ids=str)
@pytest.mark.parametrize(("sender", "body"), PLAYS.values(), ids=PLAYS)
def test_at_no_sender_an_episode_with_odd_numbers_finishes_its_series(sender, body, odd):
    if sender == "generic" and odd is None:
        return  # says the same as if they were left out
    for part in SENDERS[sender].read(spoilt(body, odd)):
        assert activity_of(part.happening, library=True) == "progressed"
