"""What search reads of works."""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Index, Integer, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import REAL, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.works import Base, item_key

LONGEST_TITLE_KEY = 200
LONGEST_TERM = 40

# The best known 64 000 are enough for a list of eight, and most works are written without them.
_KNOWN = "tier <= 3"
# A long pending list slows every search; a short one still saves most of the writes.
_PENDING = {"gin_pending_list_limit": 256}
_POPULARITY_FIRST = text("popularity desc")


class ItemSearch(Base):
    """What search reads of a work: beside it, since it is rewritten and scanned on its own."""

    __tablename__ = "item_search"
    __table_args__ = (
        Index(
            "ix_item_search_head_document_tags",
            "head",
            "document",
            "tags",
            postgresql_using="gin",
            postgresql_with=_PENDING,
        ),
        # A search begins with these, and need not look for them among all.
        Index(
            "ix_item_search_best_known",
            "head",
            "document",
            "tags",
            postgresql_using="gin",
            postgresql_with=_PENDING,
            postgresql_where="tier <= 2",
        ),
        Index("ix_item_search_popularity", "popularity", "media_item_id"),
        Index("ix_item_search_sort_key", "sort_key", _POPULARITY_FIRST),
        Index(
            "ix_item_search_sort_key_known", "sort_key", _POPULARITY_FIRST, postgresql_where=_KNOWN
        ),
        *(
            Index(
                f"ix_item_search_letters_{letters}",
                text(f'"left"(sort_key, {letters})'),
                _POPULARITY_FIRST,
                postgresql_where=_KNOWN,
            )
            for letters in (1, 2, 3)
        ),
        Index("ix_item_search_is_stale", "media_item_id", postgresql_where="is_stale"),
        Index("ix_item_search_holders", "media_item_id", postgresql_where="holders > 0"),
    )
    media_item_id: Mapped[UUID] = item_key()
    media_type: Mapped[str] = mapped_column(String(8))
    # Of its sources and of its holders, and a little by chance: see indexing.ordered.
    popularity: Mapped[float] = mapped_column(REAL)
    # How many people have it in their library or on a menu, as counted last.
    holders: Mapped[int] = mapped_column(server_default="0")
    # Among all works, from 0, the best known, to 9: see catalog.search_tier.
    tier: Mapped[int] = mapped_column(SmallInteger, server_default="9")
    # {tier, 10 times number of the type + tier among these}: see catalog.search_tags.
    tags: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default="{9}")
    # The title as people type it: see indexing.title_key.
    title_key: Mapped[str] = mapped_column(String(LONGEST_TITLE_KEY))
    # The same without an article; in the order of bytes, so that a beginning is a range.
    sort_key: Mapped[str] = mapped_column(
        String(LONGEST_TITLE_KEY, collation="C"), server_default=""
    )
    # Title, subtitle, creators, with all words.
    head: Mapped[Any] = mapped_column(TSVECTOR)
    # The same, and everything else, without words such as "the". Both have year and decade.
    document: Mapped[Any] = mapped_column(TSVECTOR)
    # Made by older rules than those of indexing.
    is_stale: Mapped[bool] = mapped_column(server_default=text("true"))


class SearchTerm(Base):
    """A word of a title or a name, for typos and unfinished words."""

    __tablename__ = "search_terms"
    __table_args__ = (
        Index(
            "ix_search_terms_deletions",
            "deletions",
            postgresql_using="gin",
            postgresql_with=_PENDING,
        ),
    )
    term: Mapped[str] = mapped_column(String(LONGEST_TERM, collation="C"), primary_key=True)
    # See catalog.deletions.
    deletions: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    # Of the best known work that has it.
    popularity: Mapped[float] = mapped_column(REAL)


class PopularityTiers(Base):
    """How popular a work of a type, or of "any", is at least in each tier; the last comes first."""

    __tablename__ = "popularity_tiers"
    media_type: Mapped[str] = mapped_column(String(8), primary_key=True)
    boundaries: Mapped[list[float]] = mapped_column(ARRAY(REAL))
    # How many there were then.
    works: Mapped[int]
