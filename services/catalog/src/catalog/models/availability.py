"""Where works can be had."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.works import LONGEST_SOURCE_NAME, LONGEST_URL, Base, item_key, of_item
from common.db import new_id

LONGEST_PROVIDER = 120
LONGEST_REGION = 32
LONGEST_FORMAT = 64


class Availability(Base):
    """One entry for each provider, region and format of a work, whoever says so."""

    __tablename__ = "availability"
    __table_args__ = (
        CheckConstraint("status in ('available', 'unavailable', 'unknown')", name="status"),
        # Also the order in which a work's entries are read.
        UniqueConstraint("media_item_id", "provider", "region", "format"),
        Index(
            "ix_availability_contributed_by",
            "contributed_by",
            postgresql_where="contributed_by is not null",
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    media_item_id: Mapped[UUID] = of_item()
    provider: Mapped[str] = mapped_column(String(LONGEST_PROVIDER))
    region: Mapped[str] = mapped_column(String(LONGEST_REGION))
    format: Mapped[str] = mapped_column(String(LONGEST_FORMAT))
    status: Mapped[str] = mapped_column(String(11))
    deeplink_url: Mapped[str | None] = mapped_column(String(LONGEST_URL))
    # "manual" for what people put in.
    source_name: Mapped[str] = mapped_column(String(LONGEST_SOURCE_NAME))
    # Who put it in, as long as that person has an account.
    contributed_by: Mapped[UUID | None]
    last_checked_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AvailabilitySummary(Base):
    """All entries of a work in brief, written by a trigger whenever they change; none, no row."""

    __tablename__ = "availability_summaries"
    media_item_id: Mapped[UUID] = item_key()
    # {"providers": […], "regions": […], "formats": […], "statuses": {status: count},
    # "checked": [[time, count], …]}
    summary: Mapped[Any] = mapped_column(JSONB)
