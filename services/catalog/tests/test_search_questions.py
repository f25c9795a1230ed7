"""How questions are read: pure rules."""

from uuid import UUID

import pytest

from catalog.media.indexing import fold, ordered, sort_key, title_key, words
from catalog.media.items import MediaType, SourceKey
from catalog.search.estimates import MOST, STAYS_TRUE_SECONDS, Estimates
from catalog.search.questions import (
    ImdbId,
    Isbn,
    Question,
    clean,
    read_beginning,
    read_name,
    read_question,
    years_query,
)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("quiet harbour", "quiet harbour"),
        ("Quiet, HARBOUR!", "quiet harbour"),
        ('"quiet harbour', '"quiet harbour"'),
        ("tide -low", 'tide -"low"'),
        ('tide -"low tide"', 'tide -"low tide"'),
        ("tide - low", "tide low"),
        ("tide -spider-man", 'tide -"spider man"'),
        ("tide or ebb", "tide or ebb"),
        ("tide OR ebb", "tide or ebb"),
        ("and/or", '"and or"'),
        ("東京 tide", "東京 tide"),
        ("東京物語", '"東京 京物 物語"'),
        ("a & b", "a and b"),
        ("!()<->:*'\\", ""),
        ('""', ""),
    ],
)
def test_operators_stay_and_all_else_is_words(typed, asked):
    assert read_question(typed).words == asked


def test_whoever_uses_operators_asks_for_no_title():
    assert read_question("the tide") == Question("the tide", ("the", "tide"), "the tide", "tide")
    assert read_question('"the tide"') == Question('"the tide"', None, "the tide", "tide")
    assert read_question("tide -low") == Question('tide -"low"', None, None, None)
    assert read_question("word " * 13).tokens is None


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("0-441-01359-7", Isbn("9780441013593", "0441013597")),
        ("ISBN 9780441013593", Isbn("9780441013593", "0441013597")),
        ("979-10-90636-07-1", Isbn("9791090636071", None)),
        ("9780441013594", None),
        ("imdb:TT0133093", ImdbId("tt0133093")),
        ("tt12", None),
        ("TMDB:movie:603", SourceKey("tmdb", "movie:603")),
        ("lastfm:Erik Satie::Gnossienne", SourceKey("lastfm", "Erik Satie::Gnossienne")),
        ("alien: covenant", None),
        ("2001:", None),
    ],
)
def test_names_are_told_from_words(typed, name):
    assert read_name(typed) == name


def test_a_question_is_one_line_and_cut():
    assert clean("\x00\n") is None
    assert clean(" quiet\n harbour ") == "quiet harbour"
    assert clean("x" * 9999) == "x" * 256


def test_what_is_typed_so_far():
    assert read_beginning("The Qui") == (("the", "qui"), "qui")
    assert read_beginning("the ") == (("the",), "the")
    assert read_beginning("!") is None


@pytest.mark.parametrize(
    ("years", "query"),
    [
        ((None, None), None),
        ((1999, 1999), "'year:1999'"),
        ((1989, 2001), "'year:1989' | 'decade:199' | 'year:2000' | 'year:2001'"),
        ((2000, 1999), "'year:none'"),
        ((None, 3), "'year:1' | 'year:2' | 'year:3'"),
    ],
)
def test_years_are_asked_for_as_they_are_stored(years, query):
    assert years_query(*years) == query


def test_no_range_of_years_is_long_to_ask_for():
    assert len(years_query(-(2**31), 2**31 - 1).split("|")) < 250


@pytest.mark.parametrize(
    ("title", "key", "short"),
    [
        (
            "The Lord of the Rings: Part 1",
            "the lord of the rings part 1",
            "lord of the rings part 1",
        ),
        ("Pokémon: Let's Go!", "pokemon lets go", "pokemon lets go"),
        ("An Ebb", "an ebb", "ebb"),
        ("A", "a", "a"),
        ("The The", "the the", "the"),
        ("Straße", "strasse", "strasse"),
        ("Dungeons & Tides", "dungeons and tides", "dungeons and tides"),
        ("!!!", "!!!", "!!!"),
        ("東京物語", "東京物語", "東京物語"),
        ("기생충", "기생충", "기생충"),
        ("x" * 300, "x" * 200, "x" * 200),
    ],
)
def test_a_title_is_compared_as_people_type_it(title, key, short):
    assert title_key(title) == key
    assert sort_key(key) == short


def test_letters_are_folded_and_words_told_apart():
    assert fold("Æsir ŁÓDŹ Øre don\u2019t ﬁn") == "aesir lodz ore dont fin"
    assert words("Tide-watch: 東京物語!") == "tide watch 東京 京物 物語"
    assert words("x" * 101 + " tide").split() == ["tide"]


def test_only_what_is_too_long_is_left_out_wherever_it_stands():
    text = [*["tide"] * 30, "x" * 100, "sea", "x" * 100]
    assert words(" ".join(text)).split() == text
    assert words(" ".join([*text, "x" * 101])).split() == text
    assert words(" ".join(["x" * 101, *text])).split() == text
    assert words(" ".join([*text[:33], "x" * 101, "sea"])).split() == [*text, "sea"]


def test_equally_popular_works_have_an_order():
    one, other = (ordered(5.0, UUID(int=number << 16)) for number in (1, 2**15))
    assert 5 <= one < other < 5.001


def test_estimates_are_forgotten_in_time_and_in_number():
    clock = [0.0]
    estimates = Estimates(clock=lambda: clock[0])
    estimates.put(b"tide", {MediaType.BOOK: 5})
    clock[0] = STAYS_TRUE_SECONDS
    assert estimates.get(b"tide") == {MediaType.BOOK: 5}
    clock[0] += 1
    assert estimates.get(b"tide") is None
    for number in range(MOST + 1):
        estimates.put(b"%d" % number, {})
    assert estimates.get(b"0") is None
    assert estimates.get(b"1") == {}
