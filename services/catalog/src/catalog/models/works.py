"""Works, what is particular to their kinds, and their sources."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, REAL
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common import db
from common.db import new_id

LONGEST_TITLE = 500
LONGEST_URL = 1024
LONGEST_NAME = 200
LONGEST_SOURCE_NAME = 40
LONGEST_EXTERNAL_ID = 500
LONGEST_LANGUAGE = 35


class Base(DeclarativeBase):
    metadata = db.schema("catalog")
    type_annotation_map = {  # noqa: RUF012 read once by SQLAlchemy
        datetime: DateTime(timezone=True),
        str: Text,
        list[str]: ARRAY(Text),
    }


class MediaItem(Base):
    """One work. What only one kind has lies in the table of that kind, under the same id."""

    __tablename__ = "media_items"
    __table_args__ = (
        CheckConstraint(
            "media_type in ('book', 'movie', 'tv', 'game', 'music')", name="media_type"
        ),
        Index(
            "ix_media_items_canonical_url",
            text("lower(rtrim(canonical_url, '/'))"),
            postgresql_using="hash",
            postgresql_where="canonical_url is not null",
        ),
        Index(
            "ix_media_items_merged_into",
            "merged_into",
            postgresql_where="merged_into is not null",
        ),
        Index(
            "ix_media_items_uncompared",
            "id",
            postgresql_where="compared_version < version and merged_into is null",
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    media_type: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    subtitle: Mapped[str | None] = mapped_column(String(LONGEST_TITLE))
    description: Mapped[str | None]
    release_date: Mapped[date | None]
    cover_image_url: Mapped[str | None] = mapped_column(String(LONGEST_URL))
    canonical_url: Mapped[str | None] = mapped_column(String(LONGEST_URL))
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB)
    creators: Mapped[list[str]]
    popularity: Mapped[float] = mapped_column(REAL)
    version: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # The work that absorbed this one: whoever names this one means that one. Never absorbed itself.
    merged_into: Mapped[UUID | None] = mapped_column(
        ForeignKey("media_items.id", ondelete="CASCADE")
    )
    # Which source's word a field is, by the source's row; null while there has been only one.
    field_sources: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    # The version that was compared with the other works, in search of duplicates.
    compared_version: Mapped[int] = mapped_column(BigInteger, server_default="0")


def item_key() -> Mapped[UUID]:
    return mapped_column(ForeignKey(MediaItem.id, ondelete="CASCADE"), primary_key=True)


def of_item(**more: Any) -> Mapped[UUID]:
    return mapped_column(ForeignKey(MediaItem.id, ondelete="CASCADE"), **more)


class Book(Base):
    __tablename__ = "books"
    __table_args__ = (
        Index("ix_books_isbn_13", "isbn_13", postgresql_where="isbn_13 is not null"),
        Index("ix_books_isbn_10", "isbn_10", postgresql_where="isbn_10 is not null"),
    )
    media_item_id: Mapped[UUID] = item_key()
    authors: Mapped[list[str]]
    page_count: Mapped[int | None]
    publisher: Mapped[str | None] = mapped_column(String(LONGEST_NAME))
    language: Mapped[str | None] = mapped_column(String(LONGEST_LANGUAGE))
    isbn_10: Mapped[str | None] = mapped_column(String(10))
    isbn_13: Mapped[str | None] = mapped_column(String(13))


class Screen(Base):
    """Films and series."""

    __tablename__ = "screens"
    __table_args__ = (
        Index("ix_screens_imdb_id", "imdb_id", postgresql_where="imdb_id is not null"),
    )
    media_item_id: Mapped[UUID] = item_key()
    runtime_minutes: Mapped[int | None]
    directors: Mapped[list[str]]
    producers: Mapped[list[str]]
    tmdb_type: Mapped[str | None] = mapped_column(String(8))
    imdb_id: Mapped[str | None] = mapped_column(String(16))


class Game(Base):
    __tablename__ = "games"
    media_item_id: Mapped[UUID] = item_key()
    platforms: Mapped[list[str]]
    developers: Mapped[list[str]]
    publishers: Mapped[list[str]]
    genres: Mapped[list[str]]


class MusicTrack(Base):
    __tablename__ = "music_tracks"
    __table_args__ = (Index("ix_music_tracks_mbid", "mbid", postgresql_where="mbid is not null"),)
    media_item_id: Mapped[UUID] = item_key()
    artist_name: Mapped[str | None] = mapped_column(String(LONGEST_NAME))
    album_name: Mapped[str | None] = mapped_column(String(LONGEST_NAME))
    track_number: Mapped[int | None]
    duration_ms: Mapped[int | None]
    mbid: Mapped[str | None] = mapped_column(String(36))


class MediaSource(Base):
    """Where a work is known from: one row per record of a source."""

    __tablename__ = "media_sources"
    __table_args__ = (
        UniqueConstraint("source_name", "external_id"),
        Index(
            "ix_media_sources_created_by", "created_by", postgresql_where="created_by is not null"
        ),
        # What is to be fetched again.
        Index("ix_media_sources_source_name_fetched_at", "source_name", "fetched_at"),
        # Payloads that retention has not come to yet.
        Index(
            "ix_media_sources_payload_kept",
            "fetched_at",
            postgresql_where="payload_stripped_at is null or payload_stripped_at < fetched_at",
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    media_item_id: Mapped[UUID] = mapped_column(
        ForeignKey(MediaItem.id, ondelete="CASCADE"), index=True
    )
    source_name: Mapped[str] = mapped_column(String(LONGEST_SOURCE_NAME))
    external_id: Mapped[str] = mapped_column(String(LONGEST_EXTERNAL_ID))
    canonical_url: Mapped[str | None] = mapped_column(String(LONGEST_URL))
    # The bytes as they came: jsonb would refuse some (\u0000) and reorder the others.
    raw_payload: Mapped[bytes]
    # The size as it came, also when it was too large to keep.
    raw_payload_bytes: Mapped[int]
    # When retention took the payload away; the source may have been asked again since.
    payload_stripped_at: Mapped[datetime | None]
    popularity: Mapped[float | None] = mapped_column(REAL)
    # Who brought it in, as long as that person has an account.
    created_by: Mapped[UUID | None]
    fetched_at: Mapped[datetime]
    # When somebody last took it upon them to fetch it again.
    refresh_claimed_at: Mapped[datetime | None]
