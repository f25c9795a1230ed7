"""What people call works."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.works import Base, item_key
from common.db import new_id

LONGEST_TAG = 64


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
    media_item_id: Mapped[UUID] = item_key()
    tag_id: Mapped[UUID] = mapped_column(
        ForeignKey(Tag.id, ondelete="CASCADE"), primary_key=True, index=True
    )
