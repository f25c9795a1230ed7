"""The tables of the catalogue."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, REAL, TSVECTOR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common import db
from common.db import new_id
from common.inbox import InboxRow
from common.outbox import OutboxRow
from common.sweep_runs import SweepRunRow

LONGEST_TITLE = 500
LONGEST_URL = 1024
LONGEST_NAME = 200
LONGEST_SOURCE_NAME = 40
LONGEST_EXTERNAL_ID = 500
LONGEST_TITLE_KEY = 200
LONGEST_LANGUAGE = 35
LONGEST_LOG_NOTES = 2000
LONGEST_GOAL = 255
LONGEST_TAG = 64
LONGEST_ACTIVITY_KEY = 255


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


def _item_key() -> Mapped[UUID]:
    return mapped_column(ForeignKey(MediaItem.id, ondelete="CASCADE"), primary_key=True)


class Book(Base):
    __tablename__ = "books"
    __table_args__ = (
        Index("ix_books_isbn_13", "isbn_13", postgresql_where="isbn_13 is not null"),
        Index("ix_books_isbn_10", "isbn_10", postgresql_where="isbn_10 is not null"),
    )
    media_item_id: Mapped[UUID] = _item_key()
    authors: Mapped[list[str]]
    page_count: Mapped[int | None]
    publisher: Mapped[str | None] = mapped_column(String(LONGEST_NAME))
    language: Mapped[str | None] = mapped_column(String(LONGEST_LANGUAGE))
    isbn_10: Mapped[str | None] = mapped_column(String(10))
    isbn_13: Mapped[str | None] = mapped_column(String(13))


class Screen(Base):
    """Films and series."""

    __tablename__ = "screens"
    media_item_id: Mapped[UUID] = _item_key()
    runtime_minutes: Mapped[int | None]
    directors: Mapped[list[str]]
    producers: Mapped[list[str]]
    tmdb_type: Mapped[str | None] = mapped_column(String(8))
    imdb_id: Mapped[str | None] = mapped_column(String(16))


class Game(Base):
    __tablename__ = "games"
    media_item_id: Mapped[UUID] = _item_key()
    platforms: Mapped[list[str]]
    developers: Mapped[list[str]]
    publishers: Mapped[list[str]]
    genres: Mapped[list[str]]


class MusicTrack(Base):
    __tablename__ = "music_tracks"
    media_item_id: Mapped[UUID] = _item_key()
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
    popularity: Mapped[float | None] = mapped_column(REAL)
    # Who typed it in, as long as that person has an account.
    created_by: Mapped[UUID | None]
    fetched_at: Mapped[datetime]


class ItemSearch(Base):
    """What search reads of a work: beside it, since it is rewritten and scanned on its own."""

    __tablename__ = "item_search"
    __table_args__ = (
        # A long pending list slows every search; a short one still saves most of the writes.
        Index(
            "ix_item_search_words",
            "head",
            "document",
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 256},
        ),
        Index("ix_item_search_title_key", "title_key"),
        Index("ix_item_search_popularity", "popularity", "media_item_id"),
        Index("ix_item_search_media_type", "media_type", "popularity", "media_item_id"),
    )
    media_item_id: Mapped[UUID] = _item_key()
    media_type: Mapped[str] = mapped_column(String(8))
    popularity: Mapped[float] = mapped_column(REAL)
    # The title as people type it: see indexing.title_key.
    title_key: Mapped[str] = mapped_column(String(LONGEST_TITLE_KEY))
    # Title, subtitle, creators.
    head: Mapped[Any] = mapped_column(TSVECTOR)
    # The same, and everything else.
    document: Mapped[Any] = mapped_column(TSVECTOR)


def _of_item(**more: Any) -> Mapped[UUID]:
    return mapped_column(ForeignKey(MediaItem.id, ondelete="CASCADE"), **more)


class UserState(Base):
    """How a person stands to a work."""

    __tablename__ = "user_states"
    __table_args__ = (
        CheckConstraint(
            "status in ('consumed', 'currently_consuming', 'want_to_consume', 'paused', 'dropped')",
            name="status",
        ),
        CheckConstraint("rating between 0 and 10", name="rating"),
        UniqueConstraint("user_id", "media_item_id"),
        Index("ix_user_states_user_id_updated_at_id", "user_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID]
    media_item_id: Mapped[UUID] = _of_item(index=True)
    status: Mapped[str] = mapped_column(String(20))
    rating: Mapped[float | None] = mapped_column(Double)
    favorite: Mapped[bool]
    notes: Mapped[str | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class UserLog(Base):
    """An entry of a person's diary."""

    __tablename__ = "user_logs"
    __table_args__ = (
        CheckConstraint(
            "log_type in ('started', 'progress', 'finished', 'note', 'goal')", name="log_type"
        ),
        CheckConstraint("minutes_spent >= 0", name="minutes_spent"),
        CheckConstraint("progress_percent between 0 and 100", name="progress_percent"),
        UniqueConstraint("user_id", "idempotency_key"),
        Index("ix_user_logs_user_id_logged_at_id", "user_id", "logged_at", "id"),
        # The diary of one work, and what to delete with a work.
        Index("ix_user_logs_media_item_id_user_id", "media_item_id", "user_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID]
    media_item_id: Mapped[UUID] = _of_item()
    log_type: Mapped[str] = mapped_column(String(8))
    notes: Mapped[str | None] = mapped_column(String(LONGEST_LOG_NOTES))
    minutes_spent: Mapped[int | None]
    progress_percent: Mapped[int | None]
    goal_target: Mapped[str | None] = mapped_column(String(LONGEST_GOAL))
    goal_due_on: Mapped[date | None]
    # Of the activity that wrote it; null for what the person wrote.
    idempotency_key: Mapped[str | None] = mapped_column(String(LONGEST_ACTIVITY_KEY))
    logged_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Activity(Base):
    """The guard of what senders tell: whatever has a row here had its effect, for ever."""

    __tablename__ = "activities"
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(LONGEST_ACTIVITY_KEY), primary_key=True)


class Tag(Base):
    """A person's own, or without an owner everybody's."""

    __tablename__ = "tags"
    __table_args__ = (
        Index(
            "uq_tags_owner_id_name",
            "owner_id",
            text("lower(name)"),
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(String(LONGEST_TAG))
    created_at: Mapped[datetime]


class MediaItemTag(Base):
    __tablename__ = "media_item_tags"
    media_item_id: Mapped[UUID] = _item_key()
    tag_id: Mapped[UUID] = mapped_column(
        ForeignKey(Tag.id, ondelete="CASCADE"), primary_key=True, index=True
    )


class Outbox(OutboxRow, Base):
    pass


class Inbox(InboxRow, Base):
    pass


class SweepRun(SweepRunRow, Base):
    pass
