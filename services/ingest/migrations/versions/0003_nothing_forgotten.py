"""What has lost its message, what a person chose, whose account is gone; counts of a month."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UP = """
alter table ingest.webhook_events add column chosen_at timestamptz;
alter table ingest.integrations add column forgotten_at timestamptz;
create index ix_webhook_events_undecided
    on ingest.webhook_events (coalesce(next_try_at, received_at))
    where state in ('received', 'waiting');
create index ix_webhook_events_bodies
    on ingest.webhook_events (received_at) where body is not null;
create index ix_integrations_forgotten on ingest.integrations (id) where forgotten_at is not null;
create index ix_webhook_events_latest
    on ingest.webhook_events (integration_id, received_at, state);
drop index ingest.ix_webhook_events_counts;
"""
DOWN = """
create index ix_webhook_events_counts
    on ingest.webhook_events (integration_id, state, received_at);
drop index ingest.ix_webhook_events_latest;
drop index ingest.ix_integrations_forgotten;
drop index ingest.ix_webhook_events_bodies;
drop index ingest.ix_webhook_events_undecided;
alter table ingest.integrations drop column forgotten_at;
alter table ingest.webhook_events drop column chosen_at;
"""


def upgrade() -> None:
    run(UP)


def downgrade() -> None:
    run(DOWN)


def run(statements: str) -> None:
    for statement in statements.strip().rstrip(";").split(";\n"):
        op.execute(statement)
