"""Where fields come from, what people say instead, and works that were merged into others."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
# Hashed, since an address may be longer than an ordered index takes.
CANONICAL_URL = """
create index ix_media_items_canonical_url on catalog.media_items
  using hash (lower(rtrim(canonical_url, '/'))) where canonical_url is not null
"""


def upgrade() -> None:
    op.add_column("media_items", sa.Column("merged_into", sa.Uuid()), schema="catalog")
    op.create_foreign_key(
        "fk_media_items_merged_into_media_items",
        "media_items",
        "media_items",
        ["merged_into"],
        ["id"],
        source_schema="catalog",
        referent_schema="catalog",
        ondelete="CASCADE",
    )
    op.add_column("media_items", sa.Column("field_sources", postgresql.JSONB()), schema="catalog")
    op.add_column(
        "media_items",
        sa.Column("compared_version", sa.BigInteger(), server_default="0", nullable=False),
        schema="catalog",
    )
    op.add_column("media_sources", sa.Column("refresh_claimed_at", TIMESTAMP), schema="catalog")
    create_indexes()
    create_overrides()
    create_merges()
    create_suspects()


def create_indexes() -> None:
    op.execute(CANONICAL_URL)
    for name, table, columns, where in (
        ("merged_into", "media_items", ["merged_into"], "merged_into is not null"),
        ("uncompared", "media_items", ["id"], "compared_version < version and merged_into is null"),
        ("imdb_id", "screens", ["imdb_id"], "imdb_id is not null"),
        ("mbid", "music_tracks", ["mbid"], "mbid is not null"),
        ("source_name_fetched_at", "media_sources", ["source_name", "fetched_at"], None),
    ):
        op.create_index(
            f"ix_{table}_{name}",
            table,
            columns,
            schema="catalog",
            postgresql_where=None if where is None else sa.text(where),
        )


def create_overrides() -> None:
    op.create_table(
        "overrides",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(20), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("replaced", sa.Text()),
        sa.Column("set_by", sa.Uuid()),
        sa.Column("set_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_overrides"),
        sa.UniqueConstraint(
            "media_item_id",
            "field",
            "user_id",
            name="uq_overrides_media_item_id_field_user_id",
            postgresql_nulls_not_distinct=True,
        ),
        belongs_to_item("overrides", "media_item_id"),
        schema="catalog",
    )
    for column in ("user_id", "set_by"):
        op.create_index(
            f"ix_overrides_{column}",
            "overrides",
            [column],
            schema="catalog",
            postgresql_where=sa.text(f"{column} is not null"),
        )


def create_merges() -> None:
    op.create_table(
        "merges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("survivor_id", sa.Uuid(), nullable=False),
        sa.Column("absorbed_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("merged_by", sa.Uuid()),
        sa.Column("merged_at", TIMESTAMP, nullable=False),
        sa.Column("undone_at", TIMESTAMP),
        sa.Column("moved", postgresql.JSONB()),
        sa.PrimaryKeyConstraint("id", name="pk_merges"),
        belongs_to_item("merges", "survivor_id"),
        belongs_to_item("merges", "absorbed_id"),
        schema="catalog",
    )
    op.create_index("ix_merges_merged_at_id", "merges", ["merged_at", "id"], schema="catalog")
    op.create_index("ix_merges_survivor_id", "merges", ["survivor_id"], schema="catalog")
    op.create_index(
        "uq_merges_absorbed_id",
        "merges",
        ["absorbed_id"],
        unique=True,
        schema="catalog",
        postgresql_where=sa.text("undone_at is null"),
    )
    op.create_index(
        "ix_merges_reversible",
        "merges",
        ["merged_at"],
        schema="catalog",
        postgresql_where=sa.text("moved is not null"),
    )


def create_suspects() -> None:
    op.create_table(
        "suspects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("found_at", TIMESTAMP, nullable=False),
        sa.Column("dismissed_at", TIMESTAMP),
        sa.PrimaryKeyConstraint("id", name="pk_suspects"),
        sa.UniqueConstraint("one_id", "other_id", name="uq_suspects_one_id_other_id"),
        sa.CheckConstraint("one_id < other_id", name="ck_suspects_order"),
        belongs_to_item("suspects", "one_id"),
        belongs_to_item("suspects", "other_id"),
        schema="catalog",
    )
    op.create_index("ix_suspects_other_id", "suspects", ["other_id"], schema="catalog")
    op.create_index(
        "ix_suspects_found_at_id",
        "suspects",
        ["found_at", "id"],
        schema="catalog",
        postgresql_where=sa.text("dismissed_at is null"),
    )


def belongs_to_item(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        ["catalog.media_items.id"],
        name=f"fk_{table}_{column}_media_items",
        ondelete="CASCADE",
    )


def downgrade() -> None:
    for table in ("suspects", "merges", "overrides"):
        op.drop_table(table, schema="catalog")
    for table, name in (
        ("media_sources", "source_name_fetched_at"),
        ("music_tracks", "mbid"),
        ("screens", "imdb_id"),
        ("media_items", "canonical_url"),
    ):
        op.drop_index(f"ix_{table}_{name}", table, schema="catalog")
    op.drop_column("media_sources", "refresh_claimed_at", schema="catalog")
    for column in ("compared_version", "field_sources", "merged_into"):
        op.drop_column("media_items", column, schema="catalog")
