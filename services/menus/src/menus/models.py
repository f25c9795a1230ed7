"""Tables of the schema "menus"."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    cast,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common import db
from common.db import new_id
from common.idempotency import IdempotencyRow
from common.inbox import InboxRow
from common.outbox import OutboxRow
from common.sweep_runs import SweepRunRow
from menus.limits import SLUG_LENGTH, TITLE_LENGTH

# Byte order, so that "all that start with" is a range of the index.
Slug = String(SLUG_LENGTH, collation="C")
Time = DateTime(timezone=True)


class JsonText(TypeDecorator[str]):
    """JSONB that goes in and comes out as text: nothing here looks inside."""

    impl = JSONB
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:  # noqa: ARG002 of the base
        return None

    def column_expression(self, column: ColumnElement[str]) -> ColumnElement[str]:
        return cast(column, Text)


class Base(DeclarativeBase):
    metadata = db.schema("menus")


class Menu(Base):
    """`updated_at` is that of the menu's own fields; courses and items have theirs."""

    __tablename__ = "menus"
    __table_args__ = (Index("ix_menus_owner_id_created_at_id", "owner_id", "created_at", "id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    description: Mapped[str | None] = mapped_column(Text)
    slug: Mapped[str] = mapped_column(Slug, unique=True)
    is_public: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Time)
    updated_at: Mapped[datetime] = mapped_column(Time)


class Course(Base):
    __tablename__ = "courses"
    __table_args__ = (
        # Deferred: a reorder passes through states in which two share a place.
        UniqueConstraint("menu_id", "position", deferrable=True, initially="DEFERRED"),
        # What an item refers to, so that its course is one of its menu.
        UniqueConstraint("id", "menu_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    menu_id: Mapped[UUID] = mapped_column(ForeignKey(Menu.id, ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    description: Mapped[str | None] = mapped_column(Text)
    intent: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(Time)


class MediaSnapshot(Base):
    """One row per work that some menu shows or once showed, shared by all menus.

    `version` is that of the last event; 0 while the row is as the catalogue first answered, which
    tells no version: then `changed_at`, the catalogue's own time, says what is newer.
    """

    __tablename__ = "media_snapshots"
    __table_args__ = (
        Index(
            "ix_media_snapshots_merged_into",
            "merged_into",
            postgresql_where="merged_into is not null",
        ),
    )
    media_item_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(Time)
    media_type: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(Text)
    subtitle: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    creators: Mapped[list[str]] = mapped_column(ARRAY(Text))
    release_date: Mapped[date | None]
    cover_image_url: Mapped[str | None] = mapped_column(Text)
    canonical_url: Mapped[str | None] = mapped_column(Text)
    metadata_json: Mapped[str | None] = mapped_column("metadata", JsonText)
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    # The work that absorbed this one, which may have been absorbed itself since.
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("media_snapshots.media_item_id"))
    # The last merge of which we heard that this one was absorbed by it, or is so no longer.
    merge_id: Mapped[UUID | None]


class CourseItem(Base):
    __tablename__ = "course_items"
    __table_args__ = (
        UniqueConstraint("course_id", "position", deferrable=True, initially="DEFERRED"),
        ForeignKeyConstraint(
            ["course_id", "menu_id"], [Course.id, Course.menu_id], ondelete="CASCADE"
        ),
        Index("ix_course_items_media_item_id_menu_id", "media_item_id", "menu_id"),
        Index(
            "ix_course_items_original_id",
            "original_id",
            postgresql_where="original_id is not null",
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    course_id: Mapped[UUID]
    menu_id: Mapped[UUID] = mapped_column(index=True)
    media_item_id: Mapped[UUID] = mapped_column(ForeignKey(MediaSnapshot.media_item_id))
    # What the owner chose, when that was merged into the work that is shown.
    original_id: Mapped[UUID | None] = mapped_column(ForeignKey(MediaSnapshot.media_item_id))
    notes: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(Time)


class Document(Base):
    """The finished JSON of a menu, public or not; every menu has one.

    `contents` is the digest of what others were told that the menu holds; null: they were not.
    """

    __tablename__ = "documents"
    __table_args__ = (Index("ix_documents_untold", "menu_id", postgresql_where="contents is null"),)
    menu_id: Mapped[UUID] = mapped_column(ForeignKey(Menu.id, ondelete="CASCADE"), primary_key=True)
    document: Mapped[bytes]
    etag: Mapped[str] = mapped_column(String(64))
    contents: Mapped[str | None] = mapped_column(String(32))
    # Grows with every change of the contents.
    contents_revision: Mapped[int] = mapped_column(BigInteger, server_default="0")
    contents_changed_at: Mapped[datetime | None] = mapped_column(Time)


class Outbox(OutboxRow, Base):
    pass


class Inbox(InboxRow, Base):
    pass


class Idempotency(IdempotencyRow, Base):
    pass


class SweepRun(SweepRunRow, Base):
    pass
