"""What search reads of a work, and of a question: both are made the same way."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from catalog.media.items import Book, Facts, Game, Item, Music, Screen
from catalog.models import LONGEST_TERM, LONGEST_TITLE_KEY

SHORTEST_TERM = 2
_ARTICLES = ("the ", "a ", "an ")
# Two works that are equally popular are put in an order by chance, so that a part of the catalogue
# of which no popularity is known can still be divided into tiers.
CHANCE = 0.001

_APOSTROPHES = str.maketrans("", "", "'\u2018\u2019\u02bc`")
# Letters that Unicode does not take apart.
_LETTERS = str.maketrans(
    {
        "ø": "o",
        "œ": "oe",
        "æ": "ae",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "þ": "th",
        "\u0131": "i",
        "ħ": "h",
    }
)
# Accents, points and voice marks; not the vowels of Indic scripts, without which nothing is left.
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f]"
)
# To Python vowel signs are no letters; to readers and to Postgres they are parts of words.
_SIGNS = (
    "\u0900-\u0963\u0966-\u0dff\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ece\u102b-\u103e"
)
_NOT_WORD = re.compile(rf"(?:[^\w{_SIGNS}]|_)+")
# Most texts are ASCII, and bytes are quicker than characters.
_ASCII_WORDS = bytes(
    ord(sign.lower()) if (sign := chr(code)).isalnum() else ord(" ") for code in range(128)
).ljust(256)
_ASCII_APOSTROPHES = b"'`"
# Scripts without spaces: their words are found as pairs of neighbours.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
_HYPHEN = re.compile("[-\u2010-\u2015\u00b7]")
_COMPOUND = re.compile(r"\w+(?:[-\u2010-\u2015\u00b7]\w+)+")
_LONGEST_WORD = 100
_TOO_LONG = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")


@dataclass(frozen=True, slots=True)
class SearchEntry:
    """A row of item_search, before Postgres makes vectors of the words, and the new terms."""

    title_key: str
    sort_key: str
    title: str
    subtitle: str
    creators: str
    rest: str
    years: tuple[str, ...]
    popularity: float
    terms: tuple[str, ...]


def search_entry(item: Item) -> SearchEntry:
    facts = item.facts
    key = title_key(facts.title)
    title = _stored_words(facts.title)
    creators = _stored_words("\n".join(facts.creators))
    return SearchEntry(
        title_key=key,
        sort_key=sort_key(key),
        title=title,
        subtitle=_stored_words(facts.subtitle),
        creators=creators,
        rest=_stored_words("\n".join((facts.description or "", *_further_words(facts)))),
        years=years(facts.release_date.year) if facts.release_date else (),
        popularity=ordered(item.popularity, item.id),
        terms=tuple(dict.fromkeys(terms(f"{title} {creators}"))),
    )


def fold(text: str) -> str:
    """The text without case, accents and apostrophes."""
    folded = text.casefold().translate(_APOSTROPHES)
    if folded.isascii():
        return folded
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", folded)).translate(_LETTERS)
    # Once more, as NFKD makes capitals of some signs; Korean syllables are put together again.
    return unicodedata.normalize("NFC", plain.casefold())


def norm(text: str) -> str:
    """The words of a text as people type them: folded, without punctuation."""
    if text.isascii():
        return _ascii_words(text)
    plain = fold(text)
    if plain.isascii():
        return _ascii_words(plain)
    return _NOT_WORD.sub(" ", plain.replace("&", " and ")).strip()


def _ascii_words(text: str) -> str:
    spelled = text.replace("&", " and ").encode()
    return " ".join(spelled.translate(_ASCII_WORDS, _ASCII_APOSTROPHES).decode().split())


def title_key(title: str) -> str:
    """The title as people type it; its signs when it has nothing else ("!!!")."""
    key = norm(title) or " ".join(fold(title).split())
    return key[:LONGEST_TITLE_KEY].strip()


def sort_key(key: str) -> str:
    """Without the article that many leave out."""
    for article in _ARTICLES:
        if key.startswith(article):
            return key.removeprefix(article)
    return key


def words(text: str) -> str:
    """As norm, with pairs where a script has no spaces, and nothing too long to be indexed."""
    plain = norm(text)
    if not plain.isascii():
        plain = " ".join(_UNSPACED.sub(_in_pairs, plain).split())
    return _TOO_LONG.sub("", plain) if _has_too_long(plain) else plain


def _has_too_long(plain: str) -> bool:
    """Goes on by as many words as one may be long: to look at each takes six times as long."""
    begin = 0
    while len(plain) - begin > _LONGEST_WORD:
        space = plain.rfind(" ", begin, begin + _LONGEST_WORD + 1)
        if space < 0:
            return True
        begin = space + 1
    return False


def _in_pairs(run: re.Match[str]) -> str:
    signs = run[0]
    pairs = [signs[at : at + 2] for at in range(len(signs) - 1)] or [signs]
    return f" {' '.join(pairs)} "


def _stored_words(text: str | None) -> str:
    """The words; what is written with a hyphen is also found as one ("Spider-Man")."""
    if not text:
        return ""
    if (text.isascii() and "-" not in text) or not _HYPHEN.search(text):
        return words(text)  # most have none, and to look for what they join takes long
    compounds = (norm(found).replace(" ", "") for found in _COMPOUND.findall(text))
    return " ".join((words(text), *compounds))


def terms(plain: str) -> Iterator[str]:
    """The words that a typo is compared with, and beginnings with."""
    return (word for word in plain.split() if SHORTEST_TERM <= len(word) <= LONGEST_TERM)


def years(year: int) -> tuple[str, ...]:
    """A year and its decade as words that no text has, so that they can be asked for as well."""
    return (f"year:{year}", f"decade:{year // 10}")


def ordered(popularity: float, media_item_id: UUID) -> float:
    return popularity + media_item_id.int % 2**32 / 2**32 * CHANCE


def _further_words(facts: Facts) -> list[str]:
    """What else a work is found by: publisher, album, genres …"""
    match facts.extension:
        case Book(publisher=str(publisher)):
            return [publisher]
        case Screen(producers=producers):
            return [*producers]
        case Game(publishers=publishers, genres=genres, platforms=platforms):
            return [*publishers, *genres, *platforms]
        case Music(album_name=str(album)):
            return [album]
        case _:
            return []
