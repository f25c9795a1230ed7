"""What people have done with works: states, logs, tags, and the guard of what senders tell."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_user_states()
    create_user_logs()
    create_tags()
    op.create_table(
        "activities",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_activities"),
        schema="catalog",
    )


def belongs_to_item(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["media_item_id"],
        ["catalog.media_items.id"],
        name=f"fk_{table}_media_item_id",
        ondelete="CASCADE",
    )


def create_user_states() -> None:
    op.create_table(
        "user_states",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("rating", sa.Double()),
        sa.Column("favorite", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.Text()),
        sa.Column("started_at", TIMESTAMP),
        sa.Column("finished_at", TIMESTAMP),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_states"),
        sa.UniqueConstraint(
            "user_id", "media_item_id", name="uq_user_states_user_id_media_item_id"
        ),
        belongs_to_item("user_states"),
        sa.CheckConstraint(
            "status in ('consumed', 'currently_consuming', 'want_to_consume', 'paused', 'dropped')",
            name="ck_user_states_status",
        ),
        sa.CheckConstraint("rating between 0 and 10", name="ck_user_states_rating"),
        schema="catalog",
    )
    op.create_index(
        "ix_user_states_user_id_updated_at_id",
        "user_states",
        ["user_id", "updated_at", "id"],
        schema="catalog",
    )
    op.create_index(
        "ix_user_states_media_item_id", "user_states", ["media_item_id"], schema="catalog"
    )


def create_user_logs() -> None:
    op.create_table(
        "user_logs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("log_type", sa.String(8), nullable=False),
        sa.Column("notes", sa.String(2000)),
        sa.Column("minutes_spent", sa.Integer()),
        sa.Column("progress_percent", sa.Integer()),
        sa.Column("goal_target", sa.String(255)),
        sa.Column("goal_due_on", sa.Date()),
        sa.Column("idempotency_key", sa.String(255)),
        sa.Column("logged_at", TIMESTAMP, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_logs"),
        sa.UniqueConstraint(
            "user_id", "idempotency_key", name="uq_user_logs_user_id_idempotency_key"
        ),
        belongs_to_item("user_logs"),
        sa.CheckConstraint(
            "log_type in ('started', 'progress', 'finished', 'note', 'goal')",
            name="ck_user_logs_log_type",
        ),
        sa.CheckConstraint("minutes_spent >= 0", name="ck_user_logs_minutes_spent"),
        sa.CheckConstraint(
            "progress_percent between 0 and 100", name="ck_user_logs_progress_percent"
        ),
        schema="catalog",
    )
    for columns in (["user_id", "logged_at", "id"], ["media_item_id", "user_id"]):
        op.create_index(f"ix_user_logs_{'_'.join(columns)}", "user_logs", columns, schema="catalog")


def create_tags() -> None:
    op.create_table(
        "tags",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
        schema="catalog",
    )
    op.create_index(
        "uq_tags_owner_id_name",
        "tags",
        ["owner_id", sa.text("lower(name)")],
        unique=True,
        schema="catalog",
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "media_item_tags",
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("tag_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("media_item_id", "tag_id", name="pk_media_item_tags"),
        belongs_to_item("media_item_tags"),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["catalog.tags.id"], name="fk_media_item_tags_tag_id", ondelete="CASCADE"
        ),
        schema="catalog",
    )
    op.create_index("ix_media_item_tags_tag_id", "media_item_tags", ["tag_id"], schema="catalog")


def downgrade() -> None:
    for table in ("activities", "media_item_tags", "tags", "user_logs", "user_states"):
        op.drop_table(table, schema="catalog")
