"""What people type into the search box, and the forms in which it is looked for."""

import re
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from catalog.media import bounds
from catalog.media.identity import isbn_10_of, isbn_13_of
from catalog.media.indexing import norm, sort_key, title_key, words
from catalog.media.items import MediaType, SourceKey
from catalog.models import LONGEST_TERM

LONGEST_QUERY = 256
# More words than this are no slip of the fingers but a text somebody pasted.
MOST_TOKENS = 12
EARLIEST_YEAR, LATEST_YEAR = 1, 2200

_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'))
_PARTS = re.compile(r'(?P<minus>-?)"(?P<phrase>[^"]*)(?:"|$)|(?P<word>\S+)')
_ISBN = re.compile(r"(?:isbn(?:[- ]?1[03])?[:\s]\s*)?([\dxX \u2010-\u2015-]{10,25})", re.IGNORECASE)
_IMDB_ID = re.compile(r"(?:imdb:)?(tt\d{5,12})", re.IGNORECASE)
_SOURCE_KEY = re.compile(r"([a-z][a-z0-9_]{0,39}):(\S.{0,499})", re.IGNORECASE)
_NOT_DIGITS = re.compile(r"[^\dxX]")


@dataclass(frozen=True, slots=True)
class Isbn:
    """Both forms, if it has both."""

    isbn_13: str
    isbn_10: str | None


@dataclass(frozen=True, slots=True)
class ImdbId:
    value: str


Name: TypeAlias = Isbn | ImdbId | SourceKey


@dataclass(frozen=True, slots=True)
class Question:
    """`words` is for websearch_to_tsquery. The others are None where what was typed has operators
    and means just that: `tokens` are the words one by one, `title` what a title would be that is
    exactly this, `short` the same without its article.
    """

    words: str
    tokens: tuple[str, ...] | None
    title: str | None
    short: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """No media types means all; of years, both are included. `user_id` is who asks."""

    media_types: tuple[MediaType, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    creator: str | None = None
    tags: tuple[str, ...] = ()
    in_library: bool = False
    user_id: UUID | None = None


def clean(query: str) -> str | None:
    """On one line, and cut, as people paste whole paragraphs."""
    asked = bounds.line(query[: 4 * LONGEST_QUERY])
    return asked[:LONGEST_QUERY] if asked else None


def read_name(asked: str) -> Name | None:
    """What names one work: an ISBN, an IMDb id, a source's own id ("tmdb:movie:603")."""
    if found := _ISBN.fullmatch(asked):
        digits = _NOT_DIGITS.sub("", found[1])
        if isbn_13 := bounds.isbn(digits, bounds.ISBN_13_DIGITS):
            return Isbn(isbn_13, isbn_10_of(isbn_13))
        if isbn_10 := bounds.isbn(digits, 10):
            return Isbn(isbn_13_of(isbn_10), isbn_10)
    if found := _IMDB_ID.fullmatch(asked):
        return ImdbId(found[1].lower())
    if found := _SOURCE_KEY.fullmatch(asked):
        return SourceKey(found[1].lower(), found[2])
    return None


def read_question(asked: str) -> Question:
    parts = list(_PARTS.finditer(asked.translate(_QUOTES)))
    pieces = [piece for part in parts if (piece := _piece(part))]
    text = " ".join(pieces)
    if any(piece == "or" or piece.startswith("-") for piece in pieces):
        return Question(text, None, None, None)
    title = title_key(asked)
    return Question(text, _tokens(asked) if '"' not in asked else None, title, sort_key(title))


def _piece(part: re.Match[str]) -> str:
    """In the syntax of websearch_to_tsquery, with nothing else in it than words."""
    if part["word"] is None:
        plain = words(part["phrase"])
        return f'{part["minus"]}"{plain}"' if plain else ""
    word = part["word"]
    if word.casefold() == "or":
        return "or"
    minus = "-" if word.startswith("-") else ""
    plain = words(word)
    if not plain:
        return ""
    # "spider-man" is two words, next to each other when they are excluded; so are the pairs that
    # stand for a word of a script without spaces; "or" within is a word.
    if minus or plain != norm(word) or "or" in plain.split():
        return f'{minus}"{plain}"'
    return plain


def _tokens(asked: str) -> tuple[str, ...] | None:
    tokens = tuple(words(asked).split())
    if not 0 < len(tokens) <= MOST_TOKENS or any(len(token) > LONGEST_TERM for token in tokens):
        return None
    return tokens


def read_beginning(typed: str) -> tuple[tuple[str, ...], str] | None:
    """The words of what is typed so far, and the beginning of a title; None while there is none."""
    asked = clean(typed)
    tokens = _tokens(asked) if asked else None
    return (tokens, sort_key(title_key(asked))) if asked and tokens else None


def years_query(year_from: int | None, year_to: int | None) -> str | None:
    """A tsquery of the years as indexing.years writes them, whole decades as one."""
    if year_from is None and year_to is None:
        return None
    year = EARLIEST_YEAR if year_from is None else max(year_from, EARLIEST_YEAR)
    last = LATEST_YEAR if year_to is None else min(year_to, LATEST_YEAR)
    lexemes = []
    while year <= last:
        if year % 10 == 0 and year + 9 <= last:
            lexemes.append(f"'decade:{year // 10}'")
            year += 10
        else:
            lexemes.append(f"'year:{year}'")
            year += 1
    return " | ".join(lexemes) or "'year:none'"
