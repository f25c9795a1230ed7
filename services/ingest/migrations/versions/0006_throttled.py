"""Whether a source asked for the pause that it is given."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "upstream_limits",
        sa.Column("is_throttled", sa.Boolean(), nullable=False, server_default=sa.false()),
        schema="ingest",
    )


def downgrade() -> None:
    op.drop_column("upstream_limits", "is_throttled", schema="ingest")
