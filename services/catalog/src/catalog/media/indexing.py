"""What search reads of a work, and of a question: both are made the same way."""

import re
import unicodedata

from catalog.media.items import Book, Facts, Game, Music, Screen
from catalog.models import LONGEST_TITLE_KEY

_NOT_WORD = re.compile(r"[\W_]+")
_APOSTROPHES = str.maketrans("", "", "'\u2019\u02bc")


def title_key(title: str) -> str:
    """The title as people type it: no case, no accents, no punctuation (unless it is all that)."""
    folded = title.casefold()
    plain = unicodedata.normalize("NFKD", folded.translate(_APOSTROPHES))
    if not plain.isascii():
        plain = "".join(char for char in plain if not unicodedata.combining(char))
    words = _NOT_WORD.sub(" ", plain).strip() or " ".join(folded.split())
    return words[:LONGEST_TITLE_KEY].strip()


def further_words(facts: Facts) -> str:
    """What else a work is found by: publisher, ISBN, album, genres …"""
    match facts.extension:
        case Book(publisher=publisher, isbn_10=isbn_10, isbn_13=isbn_13):
            words = [publisher, isbn_10, isbn_13]
        case Screen(producers=producers):
            words = [*producers]
        case Game(publishers=publishers, genres=genres, platforms=platforms):
            words = [*publishers, *genres, *platforms]
        case Music(album_name=album):
            words = [album]
        case _:
            words = []
    return "\n".join(word for word in words if word)
