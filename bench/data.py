"""Invented works of all five kinds, the same on every machine, whatever their number."""

import random
from collections.abc import Iterator
from datetime import date
from itertools import islice

from bench.vocabulary import ACCENTED, COMMON_WORD, SCRIPTS, SEED, Vocabulary, vocabulary
from catalog.media.items import (
    Book,
    Draft,
    Extension,
    Facts,
    Game,
    MediaType,
    Music,
    Screen,
    SourceKey,
    creators_of,
)

SOURCE = "invented"
PAYLOAD = b'{"invented": true}'
KINDS = (MediaType.BOOK, MediaType.MOVIE, MediaType.TV, MediaType.GAME, MediaType.MUSIC)
# One work in so many has a word in its title that no other work has.
RARE_EVERY = 100
NEWEST = 2026
PLATFORMS = ("PC", "Linux", "Switch", "PlayStation", "Xbox", "Amiga")
GENRES = ("Adventure", "Puzzle", "Strategy", "Simulation", "Platformer", "Racing")
LANGUAGES = ("en", "en", "en", "fr", "de", "es", "ja", "ru")
# Chances of each length of a title, in words.
TITLE_LENGTHS = (1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6)
# Works whose random numbers are drawn in one row: the millionth need not wait for the first.
BLOCK = 1000


def rare_word(number: int) -> str:
    """In the title of every hundredth work, and in no other."""
    return f"rara{_letters(number // RARE_EVERY)}avis"


def drafts(count: int, start: int = 0) -> Iterator[Draft]:
    """The works from the number `start` on."""
    words = vocabulary()
    first = start - start % BLOCK
    numbers = range(first, start + count, BLOCK)
    blocks = (draft for number in numbers for draft in _block(words, number))
    return islice(blocks, start - first, start - first + count)


def _block(words: Vocabulary, first: int) -> Iterator[Draft]:
    chance = random.Random(f"{SEED} {first}")
    for number in range(first, first + BLOCK):
        yield _draft(words, chance, number)


def _draft(words: Vocabulary, chance: random.Random, number: int) -> Draft:
    kind = KINDS[number % len(KINDS)]
    title = _title(words, chance, number)
    extension = _extension(words, chance, kind, number)
    facts = Facts(
        media_type=kind,
        title=title,
        subtitle=_name(words, chance, 3) if number % 6 == 0 else None,
        description=_description(words, chance, number),
        release_date=_date(chance),
        cover_image_url=f"https://covers.example.org/{number}.jpg" if number % 3 else None,
        creators=creators_of(extension),
        extension=extension,
    )
    return Draft(
        key=SourceKey(SOURCE, str(number)),
        facts=facts,
        raw_payload=PAYLOAD,
        raw_payload_bytes=len(PAYLOAD),
        # A few are known to everybody, most to nobody (Pareto).
        popularity=round(1 / (1 - chance.random()), 3),
    )


def _title(words: Vocabulary, chance: random.Random, number: int) -> str:
    if number % RARE_EVERY == 0:
        return f"{_name(words, chance, 2)} {rare_word(number).title()}"
    fate = chance.random()
    if fate < 0.02:
        return " ".join(chance.choices(chance.choice(SCRIPTS), k=chance.choice((2, 3, 3))))
    title = _name(words, chance, chance.choice(TITLE_LENGTHS))
    if fate < 0.06:
        return title.translate(ACCENTED)
    if fate < 0.2:
        return f"The {title}"
    if fate < 0.24:
        return f"{title} {chance.randint(2, 9)}"
    return title


def _name(words: Vocabulary, chance: random.Random, length: int) -> str:
    return " ".join(chance.choices(words.titles, k=length)).title()


def _description(words: Vocabulary, chance: random.Random, number: int) -> str:
    length = 25 + int(chance.random() * 50)
    start = int(chance.random() * (len(words.text) - length))
    text = words.text[start : start + length]
    if number % 2:
        text = [*text[:9], COMMON_WORD, *text[9:]]
    return " ".join(text).capitalize() + "."


def _date(chance: random.Random) -> date:
    share = chance.random()
    year = NEWEST - int(120 * share * share * share)
    return date(year, 1 + int(chance.random() * 12), 1 + int(chance.random() * 28))


def _extension(words: Vocabulary, chance: random.Random, kind: MediaType, number: int) -> Extension:
    person = _person(words, chance)
    match kind:
        case MediaType.BOOK:
            return Book(
                authors=(person, _person(words, chance)) if number % 7 == 0 else (person,),
                page_count=80 + int(chance.random() * 800),
                publisher=_name(words, chance, 1) + " Press",
                language=LANGUAGES[int(chance.random() * len(LANGUAGES))],
                isbn_13=isbn_13(number),
            )
        case MediaType.GAME:
            return Game(
                platforms=(chance.choice(PLATFORMS), "Browser"),
                developers=(_name(words, chance, 1) + " Games",),
                publishers=(_name(words, chance, 1) + " House",),
                genres=(chance.choice(GENRES),),
            )
        case MediaType.MUSIC:
            return Music(
                artist_name=person,
                album_name=_name(words, chance, 2),
                track_number=1 + int(chance.random() * 14),
                duration_ms=60_000 + int(chance.random() * 400_000),
            )
        case MediaType.MOVIE | MediaType.TV:
            return Screen(
                runtime_minutes=20 + int(chance.random() * 150),
                directors=(person,),
                producers=(_person(words, chance),),
                tmdb_type=kind.value,
                imdb_id=f"tt9{number:08d}",
            )


def _person(words: Vocabulary, chance: random.Random) -> str:
    """Some have made much, most little."""
    share = chance.random()
    return words.people[int(len(words.people) * share * share)]


def isbn_13(number: int) -> str:
    """Of the range 979-9, which nobody has been given; with its check digit (ISO 2108)."""
    digits = f"9799{number:08d}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighted % 10}"


def _letters(number: int) -> str:
    """A number in letters, so that it is read as one word: 0 is a, 26 is ba."""
    rest, letter = divmod(number, 26)
    return (_letters(rest) if rest else "") + chr(ord("a") + letter)
