"""Invented works, the same on every machine."""

import random
from collections.abc import Iterator

from tastebuds.catalog.v1 import media_pb2, media_service_pb2

SEED = 20_261_123
SYLLABLES = ("ba", "ke", "lo", "mi", "nu", "ra", "se", "ti", "vo", "za", "dri", "fel", "gor", "hal")
VOCABULARY = 4_000
COMMON_WORD = "story"  # in the description of every second work
TYPES = (
    media_pb2.MEDIA_TYPE_BOOK,
    media_pb2.MEDIA_TYPE_MOVIE,
    media_pb2.MEDIA_TYPE_TV,
    media_pb2.MEDIA_TYPE_GAME,
    media_pb2.MEDIA_TYPE_MUSIC,
)


def rare_word(number: int) -> str:
    """In the title of the work with this number and in no other."""
    return f"rara{number}avis"


def drafts(count: int) -> Iterator[media_service_pb2.MediaDraft]:
    chance = random.Random(SEED)
    words = ["".join(chance.choices(SYLLABLES, k=3)) for _ in range(VOCABULARY)]
    weights = [1 / place for place in range(1, VOCABULARY + 1)]  # as words are: Zipf
    for number in range(count):
        text = chance.choices(words, weights, k=44)
        if number % 2:
            text[30] = COMMON_WORD
        item = media_pb2.MediaItem(
            media_type=TYPES[number % len(TYPES)],
            title=" ".join([*text[:3], rare_word(number)]).title(),
            description=" ".join(text[4:]),
            release_date=f"{1950 + number % 70}-01-01",
        )
        _describe(item, " ".join(text[3:5]).title())
        yield media_service_pb2.MediaDraft(
            item=item,
            source_name="bench",
            external_id=str(number),
            raw_payload=b'{"invented": true}',
            popularity=chance.paretovariate(1),
        )


def _describe(item: media_pb2.MediaItem, name: str) -> None:
    if item.media_type == media_pb2.MEDIA_TYPE_BOOK:
        item.book.authors.append(name)
    elif item.media_type == media_pb2.MEDIA_TYPE_GAME:
        item.game.developers.append(name)
    elif item.media_type == media_pb2.MEDIA_TYPE_MUSIC:
        item.music.artist_name = name
    else:
        item.screen.directors.append(name)
