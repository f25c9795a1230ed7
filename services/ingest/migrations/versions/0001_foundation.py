"""Foundation: allowances and the inbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "allowances",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_allowances"),
        schema="ingest",
    )
    op.create_table(
        "inbox",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("message_id", name="pk_inbox"),
        schema="ingest",
    )
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"], schema="ingest")


def downgrade() -> None:
    op.drop_table("inbox", schema="ingest")
    op.drop_table("allowances", schema="ingest")
