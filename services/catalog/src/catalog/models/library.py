"""What people have done with works."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Double,
    Identity,
    Index,
    String,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.works import Base, item_key, of_item
from common.db import new_id

LONGEST_LOG_NOTES = 2000
LONGEST_GOAL = 255
LONGEST_ACTIVITY_KEY = 255


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
    media_item_id: Mapped[UUID] = of_item(index=True)
    status: Mapped[str] = mapped_column(String(20))
    rating: Mapped[float | None] = mapped_column(Double)
    favorite: Mapped[bool]
    notes: Mapped[str | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    # Where the person stood before what the diary says since `set_at`: without a status nowhere.
    # The state is what follows from both; without `set_at` it is older than these columns.
    set_status: Mapped[str | None] = mapped_column(String(20))
    set_started_at: Mapped[datetime | None]
    set_finished_at: Mapped[datetime | None]
    set_at: Mapped[datetime | None]
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
        Index(
            "ix_user_logs_media_item_id_user_id_logged_at_id",
            "media_item_id",
            "user_id",
            "logged_at",
            "id",
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID]
    media_item_id: Mapped[UUID] = of_item()
    log_type: Mapped[str] = mapped_column(String(8))
    notes: Mapped[str | None] = mapped_column(String(LONGEST_LOG_NOTES))
    minutes_spent: Mapped[int | None]
    progress_percent: Mapped[int | None]
    goal_target: Mapped[str | None] = mapped_column(String(LONGEST_GOAL))
    goal_due_on: Mapped[date | None]
    # Of the activity that wrote it; null for what the person wrote.
    idempotency_key: Mapped[str | None] = mapped_column(String(LONGEST_ACTIVITY_KEY))
    logged_at: Mapped[datetime]
    # When its type was written: what the person sets later stands against it.
    said_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Activity(Base):
    """The guard of what senders tell: whatever has a row here had its effect, for ever."""

    __tablename__ = "activities"
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(LONGEST_ACTIVITY_KEY), primary_key=True)


class LibraryEntry(Base):
    """A work of which a person has a state or a log. Kept by triggers of these two tables."""

    __tablename__ = "library_entries"
    __table_args__ = (
        Index(
            "ix_library_entries_last_activity",
            "user_id",
            "last_activity_at",
            "media_item_id",
            postgresql_include=["status"],
        ),
        Index("ix_library_entries_media_item_id", "media_item_id"),
    )
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    media_item_id: Mapped[UUID] = item_key()
    status: Mapped[str | None] = mapped_column(String(20))
    state_updated_at: Mapped[datetime | None]
    log_count: Mapped[int]
    last_log_id: Mapped[UUID | None]
    last_logged_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime | None] = mapped_column(
        Computed("greatest(state_updated_at, last_logged_at)", persisted=True)
    )


class LibraryChange(Base):
    """What a person changed in the library, as rows of the tables, until it is taken back.

    Null before and after: the change did not touch the state, or no log.
    """

    __tablename__ = "library_changes"
    __table_args__ = (
        CheckConstraint("what in ('set', 'cleared', 'written', 'changed', 'deleted')", name="what"),
        Index("ix_library_changes_user_id_id", "user_id", "id"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[UUID]
    media_item_id: Mapped[UUID] = of_item(index=True)
    what: Mapped[str] = mapped_column(String(8))
    state_before: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    state_after: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    log_before: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    log_after: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    at: Mapped[datetime] = mapped_column(index=True)
