"""The works of `make bench-data` are the same on every machine, and such as sources tell of."""

import unicodedata
from collections import Counter
from hashlib import sha256
from itertools import islice

from bench import data
from bench.vocabulary import COMMON_WORD, vocabulary
from catalog.media.bounds import isbn
from catalog.media.drafts import make_draft
from catalog.media.items import MediaType

SEVERAL = list(data.drafts(3000))


def test_they_are_the_same_on_every_machine():
    said = (
        f"{d.facts.title}|{d.facts.description}|{d.facts.creators}|{d.facts.release_date}"
        f"|{d.popularity}"
        for d in SEVERAL
    )
    digest = sha256("\n".join(said).encode()).hexdigest()
    assert digest[:16] == "25baf491a8beb910"


def test_their_number_changes_none_of_them():
    assert list(data.drafts(1500)) == SEVERAL[:1500]
    assert list(data.drafts(700, start=1999)) == SEVERAL[1999:2699]


def test_they_are_such_as_are_stored():
    for draft in islice(SEVERAL, 500):
        cleaned = make_draft(
            draft.key,
            draft.facts,
            source_url=draft.source_url,
            raw_payload=draft.raw_payload,
            popularity=draft.popularity,
        )
        assert cleaned == draft


def test_they_are_of_all_kinds():
    kinds = Counter(draft.facts.media_type for draft in SEVERAL)
    assert set(kinds.values()) == {len(SEVERAL) // len(MediaType)}


def test_isbns_have_their_check_digit():
    books = [d.facts.extension for d in SEVERAL if d.facts.media_type == MediaType.BOOK]
    assert all(isbn(book.isbn_13, 13) == book.isbn_13 for book in books)
    assert len({book.isbn_13 for book in books}) == len(books)


def test_one_word_is_in_half_of_them_and_some_are_in_one_only():
    having = [d for d in SEVERAL if COMMON_WORD in d.facts.description.lower().split()]
    assert len(having) == len(SEVERAL) // 2
    rare = [data.rare_word(number) for number in range(0, len(SEVERAL), data.RARE_EVERY)]
    titles = [draft.facts.title.lower() for draft in SEVERAL]
    assert [sum(word in title.split() for title in titles) for word in rare] == [1] * len(rare)


def test_words_come_up_as_in_any_text():
    """A few are everywhere and most are rare: Zipf."""
    counted = Counter(vocabulary().text).most_common()
    assert counted[0][1] > 20 * counted[99][1] > 20 * counted[9999][1]


def test_titles_are_also_accented_and_of_other_scripts():
    titles = [draft.facts.title for draft in SEVERAL]
    assert 0.03 < sum(not title.isascii() for title in titles) / len(titles) < 0.12
    scripts = {unicodedata.name(letter).split()[0] for title in titles for letter in title}
    assert {"LATIN", "CYRILLIC", "GREEK", "CJK", "HIRAGANA", "ARABIC"} <= scripts


def test_few_are_well_known():
    known = sorted((draft.popularity for draft in SEVERAL), reverse=True)
    assert known[0] > 100 * known[len(known) // 2]
