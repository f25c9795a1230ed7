"""What sources answered to searches."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UP = """
create table ingest.previews (
    id uuid not null,
    user_id uuid not null,
    source varchar(64) not null,
    external_id varchar(500) not null,
    draft jsonb not null,
    raw_payload bytea not null,
    expires_at timestamptz not null,
    media_item_id uuid,
    constraint pk_previews primary key (id)
);
create index ix_previews_user_id_expires_at on ingest.previews (user_id, expires_at);
create index ix_previews_expires_at on ingest.previews (expires_at);

create table ingest.source_answers (
    user_id uuid not null,
    source varchar(64) not null,
    question bytea not null,
    preview_ids uuid[] not null,
    expires_at timestamptz not null,
    constraint pk_source_answers primary key (user_id, source, question)
);
create index ix_source_answers_expires_at on ingest.source_answers (expires_at);

create table ingest.search_allowances (
    user_id uuid not null,
    window_start timestamptz not null,
    used integer not null,
    constraint pk_search_allowances primary key (user_id)
);
"""


def upgrade() -> None:
    for statement in UP.strip().rstrip(";").split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    for table in ("search_allowances", "source_answers", "previews"):
        op.drop_table(table, schema="ingest")
