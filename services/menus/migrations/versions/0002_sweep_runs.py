"""The last run of each sweep."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """create table menus.sweep_runs (
            name varchar(64) not null,
            started_at timestamptz not null,
            finished_at timestamptz,
            result text not null,
            dealt_with bigint not null,
            constraint pk_sweep_runs primary key (name)
        )"""
    )


def downgrade() -> None:
    op.drop_table("sweep_runs", schema="menus")
