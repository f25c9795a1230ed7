"""Works as a source would tell of them."""

from tastebuds.catalog.v1 import media_pb2 as media
from tastebuds.catalog.v1.media_service_pb2 import (
    CreateManualMediaRequest,
    MediaDraft,
    UpsertMediaRequest,
)

DUNE = media.MediaItem(
    media_type=media.MEDIA_TYPE_BOOK,
    title="Dune",
    subtitle="Book one",
    description="On a desert planet a young duke learns to ride the worms.",
    release_date="1965-08-01",
    cover_image_url="https://covers.example.org/dune.jpg",
    canonical_url="https://books.example.org/dune",
    metadata_json='{"categories": ["Fiction"], "pages": {"paper": 412}}',
    book=media.Book(
        authors=["Frank Herbert"],
        page_count=412,
        publisher="Chilton Books",
        language="en",
        isbn_10="0441013597",
        isbn_13="9780441013593",
    ),
)
MATRIX = media.MediaItem(
    media_type=media.MEDIA_TYPE_MOVIE,
    title="The Matrix",
    release_date="1999-03-31",
    screen=media.Screen(
        runtime_minutes=136,
        directors=["Lana Wachowski", "Lilly Wachowski"],
        producers=["Joel Silver"],
        tmdb_type="movie",
        imdb_id="tt0133093",
    ),
)
OUTER_WILDS = media.MediaItem(
    media_type=media.MEDIA_TYPE_GAME,
    title="Outer Wilds",
    game=media.Game(
        platforms=["PC"], developers=["Mobius"], publishers=["Annapurna"], genres=["Adventure"]
    ),
)
GYMNOPEDIE = media.MediaItem(
    media_type=media.MEDIA_TYPE_MUSIC,
    title="Gymnopédie No. 1",
    music=media.Music(
        artist_name="Erik Satie",
        album_name="Piano",
        track_number=1,
        duration_ms=183_000,
        mbid="b1a9c0e9-d987-4042-ae91-78d6a3267d69",
    ),
)


def of(item, **changes):
    """A copy with some fields changed."""
    copy = media.MediaItem()
    copy.CopyFrom(item)
    for name, value in changes.items():
        if isinstance(value, media.Book | media.Screen | media.Game | media.Music):
            getattr(copy, name).CopyFrom(value)
        else:
            setattr(copy, name, value)
    return copy


def upsert(item, external_id="x1", *, refresh=False, **draft):
    return UpsertMediaRequest(
        draft=MediaDraft(
            **{
                "item": item,
                "source_name": "google_books",
                "external_id": external_id,
                "source_url": f"https://api.example.org/{external_id}",
                "raw_payload": b'{"as": "it came"}',
            }
            | draft
        ),
        refresh=refresh,
    )


def book(title, **fields):
    return media.MediaItem(media_type=media.MEDIA_TYPE_BOOK, title=title, **fields)


def manual(item):
    return CreateManualMediaRequest(item=item)
