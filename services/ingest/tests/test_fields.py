"""How odd members of replies are read."""

from datetime import date

import pytest
from pydantic import ValidationError

from ingest import fields


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2001", date(2001, 1, 1)),
        ("2001-05", date(2001, 5, 1)),
        ("2001-05-06", date(2001, 5, 6)),
        ("2001-05-06T22:00:00Z", date(2001, 5, 6)),
        ("0101-01-01", None),
        ("2001-02-30", None),
        ("2001-13", None),
        ("200?", None),
        ("", None),
        (2001, None),
        (None, None),
    ],
)
def test_days(given, expected):
    assert fields.day(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("plain, a < b > c & d", "plain, a < b > c & d"),
        ("Tom &amp; Jerry&#39;s", "Tom & Jerry's"),
        ("<p>One</p><p>Two<br>Three</p>", "One\nTwo\nThree"),
        ("<b>bold</b><style>x{}</style> &lt;kept&gt;", "bold <kept>"),
        ("  \x00\n ", None),
        ("<p> </p>", None),
        ({"html": "x"}, None),
    ],
)
def test_prose(given, expected):
    assert fields.prose(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("//img.example.org/a.jpg", "https://img.example.org/a.jpg"),
        ("HTTP://img.example.org/a.jpg", "https://img.example.org/a.jpg"),
        ("https://img.example.org/" + "a" * 1024, None),
        ("https://img.example.org/a b", None),
        ("https:///a.jpg", None),
        ("https://[bad/a.jpg", None),
        ("javascript:alert(1)", None),
        (7, None),
    ],
)
def test_addresses(given, expected):
    assert fields.https(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (12, 12),
        ("12", 12),
        (12.0, 12),
        (12.5, None),
        ("12a", None),
        (0, None),
        (-1, None),
        (2**31, None),
        (1e308, None),
        (float("nan"), None),
        (True, None),
        ([], None),
        (None, None),
    ],
)
def test_counts(given, expected):
    assert fields.positive(given) == expected


def test_whole_numbers_can_be_written_again():
    assert fields.whole(1e308) is None
    assert fields.whole(-86400) == -86400


def test_a_title_is_one_line_of_bounded_length():
    assert fields.line(" The\n\tQuiet  Harbour ") == "The Quiet Harbour"
    assert fields.line("x" * 600) == "x" * 500
    assert fields.line(1984) == "1984"
    assert fields.line(["x"]) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (True, True),
        ("True", True),
        (" true ", True),
        (1, True),
        ("False", False),
        (0, False),
        ("", None),
        (None, None),
        (2, None),
        ([], None),
    ],
)
def test_flags(given, expected):
    assert fields.flag(given) is expected


@pytest.mark.parametrize(
    ("given", "expected"), [(0, 0), ("00", 0), ("3", 3), (-1, None), (2**31, None), ("1-3", None)]
)
def test_ordinals(given, expected):
    assert fields.ordinal(given) == expected


def test_what_was_read_is_not_repeated_by_an_error():
    class Strict(fields.Part):
        token: int

    with pytest.raises(ValidationError) as caught:
        Strict.model_validate({"token": "s3cret"})
    assert "s3cret" not in str(caught.value)
