"""Search for a million works: the best known first, tier by tier, instead of ranking all.

What the version before reads and writes stays until the next release: its function, its text search
configuration, and every column it knows; the new columns have defaults. What it writes is stale,
as is all that was there before: the sweep `search_entries` indexes it anew.
"""

import re
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INTS = postgresql.ARRAY(sa.Integer())

TEXT_SEARCH = (
    # Everything said of a work: stems, without words such as "the".
    "create text search configuration catalog.words (copy = pg_catalog.english)",
    # Titles and names may be nothing but such words: "It", "The Who".
    "create text search dictionary catalog.english_stems (template = snowball, language = english)",
    "create text search configuration catalog.title_words (copy = pg_catalog.english)",
    """alter text search configuration catalog.title_words
         alter mapping replace english_stem with catalog.english_stems""",
)

TYPES = (
    "create type catalog.search_hit as (id uuid, media_type text, score real)",
    # What a hit has to be beside what was typed. A creator is asked for twice: in the head, where
    # creators have a weight of their own, and in the document, whose index has all words.
    # No condition: empty queries, and null.
    """create type catalog.search_filter as (
         years tsquery, creator tsquery, creator_words tsquery, media_types text[],
         among uuid[])""",
)

FUNCTIONS = Path(__file__).with_suffix("")
# In the order in which they need each other.
FILES = ("ranking", "terms", "hits", "candidates", "near_misses", "finding", "suggesting")


def upgrade() -> None:
    for statement in TEXT_SEARCH + TYPES[:1]:
        op.execute(statement)
    widen_item_search()
    create_search_terms()
    op.create_table(
        "popularity_tiers",
        sa.Column("media_type", sa.String(8), nullable=False),
        sa.Column("boundaries", postgresql.ARRAY(sa.REAL()), nullable=False),
        sa.Column("works", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("media_type", name="pk_popularity_tiers"),
        schema="catalog",
    )
    op.execute(TYPES[1])
    for file in FILES:
        for statement in re.split(r"(?<=\$\$);\n", (FUNCTIONS / f"{file}.sql").read_text().strip()):
            # As it is: op.execute would take ":C" for a parameter.
            op.get_bind().exec_driver_sql(statement)
    fill_new_columns()
    create_indexes()


def widen_item_search() -> None:
    for column in (
        sa.Column("tier", sa.SmallInteger(), server_default="9", nullable=False),
        sa.Column("holders", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sort_key", sa.String(200, collation="C"), server_default="", nullable=False),
        sa.Column("tags", INTS, server_default="{9}", nullable=False),
        sa.Column("is_stale", sa.Boolean(), server_default="true", nullable=False),
    ):
        op.add_column("item_search", column, schema="catalog")
    for name in ("words", "title_key", "media_type"):
        op.drop_index(f"ix_item_search_{name}", "item_search", schema="catalog")


def create_search_terms() -> None:
    op.create_table(
        "search_terms",
        sa.Column("term", sa.String(40, collation="C"), nullable=False),
        sa.Column("deletions", INTS, nullable=False),
        sa.Column("popularity", sa.REAL(), nullable=False),
        sa.PrimaryKeyConstraint("term", name="pk_search_terms"),
        schema="catalog",
    )
    op.create_index(
        "ix_search_terms_deletions",
        "search_terms",
        ["deletions"],
        schema="catalog",
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 256},
    )


def fill_new_columns() -> None:
    """So that all is found right away, by type as well; years and small words come later."""
    op.execute(
        """update catalog.item_search
             set tags = (select tags from catalog.search_tags(media_type, popularity)),
               sort_key = regexp_replace(title_key, '^(the|an?) ', '')"""
    )


def create_indexes() -> None:
    op.execute(
        """create index ix_item_search_head_document_tags on catalog.item_search
             using gin (head, document, tags) with (gin_pending_list_limit = 256)"""
    )
    op.execute(
        """create index ix_item_search_sort_key
             on catalog.item_search (sort_key, popularity desc)"""
    )
    # The best known are enough for a list of eight, and most works are written without these.
    op.execute(
        """create index ix_item_search_sort_key_known
             on catalog.item_search (sort_key, popularity desc) where tier <= 3"""
    )
    for letters in (1, 2, 3):
        op.execute(
            f"""create index ix_item_search_letters_{letters}
                  on catalog.item_search ("left"(sort_key, {letters}), popularity desc)
                  where tier <= 3"""
        )
    for name in ("is_stale", "holders > 0"):
        op.create_index(
            f"ix_item_search_{name.split()[0]}",
            "item_search",
            ["media_item_id"],
            schema="catalog",
            postgresql_where=sa.text(name),
        )


def downgrade() -> None:
    for function in (
        "suggest_media",
        "find_media",
        "counts_by_type",
        "estimated_count",
        "near_misses",
        "corrected",
        "words_beginning",
        "titles_beginning",
        "search_candidates",
        "search_tags_of",
        "search_until",
        "search_tagged",
        "search_hit_of",
        "search_score",
        "search_allows",
        "search_filter_of",
        "deletions",
        "without_s",
        "search_tags",
        "search_type",
        "search_tier",
    ):
        op.execute(f"drop function catalog.{function}")
    op.execute("drop type catalog.search_filter")
    op.execute("drop type catalog.search_hit")
    op.drop_table("popularity_tiers", schema="catalog")
    op.drop_table("search_terms", schema="catalog")
    for column in ("is_stale", "tags", "sort_key", "holders", "tier"):
        op.drop_column("item_search", column, schema="catalog")
    op.execute(
        """create index ix_item_search_words on catalog.item_search
             using gin (head, document) with (gin_pending_list_limit = 256)"""
    )
    op.create_index("ix_item_search_title_key", "item_search", ["title_key"], schema="catalog")
    op.create_index(
        "ix_item_search_media_type",
        "item_search",
        ["media_type", "popularity", "media_item_id"],
        schema="catalog",
    )
    for configuration in ("title_words", "words"):
        op.execute(f"drop text search configuration catalog.{configuration}")
    op.execute("drop text search dictionary catalog.english_stems")
