"""Works that were merged into others: what menus showed before is remembered for the way back."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("media_snapshots", sa.Column("merged_into", sa.Uuid()), schema="menus")
    op.add_column("media_snapshots", sa.Column("merge_id", sa.Uuid()), schema="menus")
    op.add_column("course_items", sa.Column("original_id", sa.Uuid()), schema="menus")
    for table, column in (("media_snapshots", "merged_into"), ("course_items", "original_id")):
        op.create_foreign_key(
            f"fk_{table}_{column}_media_snapshots",
            table,
            "media_snapshots",
            [column],
            ["media_item_id"],
            source_schema="menus",
            referent_schema="menus",
        )
        op.create_index(
            f"ix_{table}_{column}",
            table,
            [column],
            schema="menus",
            postgresql_where=sa.text(f"{column} is not null"),
        )


def downgrade() -> None:
    op.drop_column("course_items", "original_id", schema="menus")
    for column in ("merge_id", "merged_into"):
        op.drop_column("media_snapshots", column, schema="menus")
