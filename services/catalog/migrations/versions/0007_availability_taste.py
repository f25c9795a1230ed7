"""Availability, taste, what menus hold, and what retention needs."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = """
create table catalog.availability (
    id uuid not null,
    media_item_id uuid not null,
    provider varchar(120) not null,
    region varchar(32) not null,
    format varchar(64) not null,
    status varchar(11) not null,
    deeplink_url varchar(1024),
    source_name varchar(40) not null,
    contributed_by uuid,
    last_checked_at timestamptz not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint pk_availability primary key (id),
    constraint uq_availability_media_item_id_provider_region_format
        unique (media_item_id, provider, region, format),
    constraint fk_availability_media_item_id
        foreign key (media_item_id) references catalog.media_items (id) on delete cascade,
    constraint ck_availability_status check (status in ('available', 'unavailable', 'unknown'))
);
create index ix_availability_contributed_by
    on catalog.availability (contributed_by) where contributed_by is not null;

create table catalog.menu_copies (
    menu_id uuid not null,
    owner_id uuid,
    revision bigint not null,
    is_public boolean not null,
    slug varchar(255) not null,
    title varchar(255) not null,
    course_count integer not null,
    changed_at timestamptz not null,
    constraint pk_menu_copies primary key (menu_id)
);
create index ix_menu_copies_owner_id on catalog.menu_copies (owner_id, changed_at);
create index ix_menu_copies_deleted on catalog.menu_copies (changed_at) where owner_id is null;

create table catalog.menu_placements (
    menu_id uuid not null,
    media_item_id uuid not null,
    count integer not null,
    constraint pk_menu_placements primary key (menu_id, media_item_id),
    constraint fk_menu_placements_menu_id
        foreign key (menu_id) references catalog.menu_copies (menu_id) on delete cascade,
    constraint fk_menu_placements_media_item_id
        foreign key (media_item_id) references catalog.media_items (id) on delete cascade
);
create index ix_menu_placements_media_item_id on catalog.menu_placements (media_item_id);

create table catalog.taste_profiles (
    user_id uuid not null,
    id uuid not null,
    profile jsonb not null,
    generated_at timestamptz not null,
    checked_at timestamptz not null,
    asked_at timestamptz not null,
    constraint pk_taste_profiles primary key (user_id)
);
create index ix_taste_profiles_checked_at on catalog.taste_profiles (checked_at);

create table catalog.sweep_marks (
    name varchar(64) not null,
    after_id uuid,
    constraint pk_sweep_marks primary key (name)
);

alter table catalog.media_sources add column payload_stripped_at timestamptz;
create index ix_media_sources_payload_kept on catalog.media_sources (fetched_at)
    where payload_stripped_at is null or payload_stripped_at < fetched_at;
"""
TABLES = (
    "sweep_marks",
    "taste_profiles",
    "menu_placements",
    "menu_copies",
    "availability",
)


def upgrade() -> None:
    for statement in STATEMENTS.strip().rstrip(";").split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop index catalog.ix_media_sources_payload_kept")
    op.execute("alter table catalog.media_sources drop column payload_stripped_at")
    for table in TABLES:
        op.drop_table(table, schema="catalog")
