"""What search reads of works."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    Index,
    String,
)
from sqlalchemy.dialects.postgresql import REAL, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.works import Base, item_key

LONGEST_TITLE_KEY = 200


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
    media_item_id: Mapped[UUID] = item_key()
    media_type: Mapped[str] = mapped_column(String(8))
    popularity: Mapped[float] = mapped_column(REAL)
    # The title as people type it: see indexing.title_key.
    title_key: Mapped[str] = mapped_column(String(LONGEST_TITLE_KEY))
    # Title, subtitle, creators.
    head: Mapped[Any] = mapped_column(TSVECTOR)
    # The same, and everything else.
    document: Mapped[Any] = mapped_column(TSVECTOR)
