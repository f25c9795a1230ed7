"""What names one work: ISBNs, IMDb ids, the ids of sources."""

import pytest

from tastebuds.catalog.v1 import media_pb2 as media
from tastebuds.catalog.v1 import search_service_pb2 as pb

from .search_desk import BOOK, MOVIE, work
from .works import DUNE, MATRIX, upsert


@pytest.fixture
async def shelf(ingest):
    """Dune has both forms of its ISBN, Tidewatch only the short one, Harbour only the long one."""
    for item, name, key in (
        (DUNE, "google_books", "B_gYh1Xq2wUC"),
        (MATRIX, "tmdb", "movie:603"),
        (work("Tidewatch", book=media.Book(isbn_10="080442957X")), "google_books", "tide"),
        (work("The Quiet Harbour", book=media.Book(isbn_13="9783161484100")), "manualia", "h:1:2"),
        (work("9780441013593 things", description="tt0133093 tmdb:movie:603"), "tmdb", "movie:604"),
    ):
        await ingest.UpsertMedia(upsert(item, key, source_name=name))


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("9780441013593", "Dune"),
        ("978-0-441-01359-3", "Dune"),
        ("978 0441013593", "Dune"),
        ("0441013597", "Dune"),
        ("0-441-01359-7", "Dune"),
        ("ISBN 0-441-01359-7", "Dune"),
        ("isbn:9780441013593", "Dune"),
        ("ISBN-13: 978-0-441-01359-3", "Dune"),
        ("080442957x", "Tidewatch"),
        ("9780804429573", "Tidewatch"),
        ("9783161484100", "The Quiet Harbour"),
        ("316148410X", "The Quiet Harbour"),
    ],
)
async def test_an_isbn_finds_its_book_in_either_form(finder, shelf, query, title, statements):
    statements()
    reply = await finder.ask(query)
    assert statements() == 1
    assert [item.title for item in reply.items] == [title]
    assert reply.total_count == 1
    assert reply.matched_by == pb.MATCHED_BY_ISBN
    assert [(one.media_type, one.count) for one in reply.type_counts] == [(BOOK, 1)]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("tt0133093", "The Matrix"),
        ("TT0133093", "The Matrix"),
        ("imdb:tt0133093", "The Matrix"),
        ("tmdb:movie:603", "The Matrix"),
        ("TMDB:movie:603", "The Matrix"),
        ("google_books:B_gYh1Xq2wUC", "Dune"),
        ("manualia:h:1:2", "The Quiet Harbour"),
    ],
)
async def test_an_id_finds_its_work_alone(finder, shelf, query, title):
    reply = await finder.ask(query)
    assert [item.title for item in reply.items] == [title]
    assert reply.matched_by == pb.MATCHED_BY_EXTERNAL_ID


async def test_filters_hold_for_names_too(finder, shelf):
    assert await finder.titles("tmdb:movie:603", media_types=[BOOK]) == []
    assert await finder.counts("tmdb:movie:603", media_types=[BOOK]) == {MOVIE: 1}
    assert "The Matrix" not in await finder.titles("tt0133093", year_from=2000)
    assert await finder.titles("tt0133093", year_from=1999, creator="wachowski") == ["The Matrix"]
    assert await finder.titles("9780441013593", offset=1) == []


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("9780441013594", []),  # no such check digit
        ("tmdb:movie:6033", []),
        ("tt9999999", []),
        ("tidewatch:", ["Tidewatch"]),
        ("quiet: harbour", ["The Quiet Harbour"]),
        ("matrix:", ["The Matrix"]),
    ],
)
async def test_what_only_looks_like_a_name_is_words(finder, shelf, query, titles):
    assert await finder.titles(query) == titles
