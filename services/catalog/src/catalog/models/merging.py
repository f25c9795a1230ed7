"""What people say of works instead of their sources, and works that are one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.works import Base, of_item
from common.db import new_id


class Override(Base):
    """What a person, or without one an admin for everybody, says a field of a work is.

    Everybody's is in media_items; `replaced` is what the sources say there.
    """

    __tablename__ = "overrides"
    __table_args__ = (
        UniqueConstraint("media_item_id", "field", "user_id", postgresql_nulls_not_distinct=True),
        Index("ix_overrides_user_id", "user_id", postgresql_where="user_id is not null"),
        Index("ix_overrides_set_by", "set_by", postgresql_where="set_by is not null"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    media_item_id: Mapped[UUID] = of_item()
    field: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[UUID | None]
    value: Mapped[str]
    replaced: Mapped[str | None]
    # As long as that person has an account.
    set_by: Mapped[UUID | None]
    set_at: Mapped[datetime]


class Merge(Base):
    """One work absorbed another. `moved` is what it takes to undo that; null when it is final."""

    __tablename__ = "merges"
    __table_args__ = (
        Index("ix_merges_merged_at_id", "merged_at", "id"),
        Index("ix_merges_survivor_id", "survivor_id"),
        Index(
            "uq_merges_absorbed_id",
            "absorbed_id",
            unique=True,
            postgresql_where="undone_at is null",
        ),
        Index("ix_merges_reversible", "merged_at", postgresql_where="moved is not null"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    survivor_id: Mapped[UUID] = of_item()
    absorbed_id: Mapped[UUID] = of_item()
    reason: Mapped[str]
    # Null also when it was done by itself.
    merged_by: Mapped[UUID | None]
    merged_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    moved: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class Suspect(Base):
    """Two works that look like one; dismissed, they are not suspected again."""

    __tablename__ = "suspects"
    __table_args__ = (
        UniqueConstraint("one_id", "other_id"),
        CheckConstraint("one_id < other_id", name="order"),
        Index("ix_suspects_other_id", "other_id"),
        Index("ix_suspects_found_at_id", "found_at", "id", postgresql_where="dismissed_at is null"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    one_id: Mapped[UUID] = of_item()
    other_id: Mapped[UUID] = of_item()
    reason: Mapped[str]
    found_at: Mapped[datetime]
    dismissed_at: Mapped[datetime | None]
