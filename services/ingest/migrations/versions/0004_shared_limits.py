"""Circuits and rate limits shared by replicas."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table ingest.upstream_limits (
            source varchar(64) not null,
            next_at timestamptz not null,
            era integer not null,
            failure_streak integer not null,
            backoff_seconds double precision not null,
            open_until timestamptz,
            probe_until timestamptz,
            opened_count integer not null,
            last_error text not null,
            constraint pk_upstream_limits primary key (source)
        )
    """)


def downgrade() -> None:
    op.execute("drop table ingest.upstream_limits")
