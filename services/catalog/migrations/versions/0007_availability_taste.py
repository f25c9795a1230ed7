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

create table catalog.availability_summaries (
    media_item_id uuid not null,
    summary jsonb not null,
    constraint pk_availability_summaries primary key (media_item_id),
    constraint fk_availability_summaries_media_item_id
        foreign key (media_item_id) references catalog.media_items (id) on delete cascade
);

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
# A film has hundreds of entries and lists show many films: they are summed up when they change,
# whoever changes them. For one work one after the other, so that who comes second sees the first.
SUMMARIZE = """
create function catalog.summarize_availability() returns trigger language plpgsql as $$
declare
  works uuid[];
begin
  if tg_op = 'INSERT' then
    works := array(select distinct media_item_id from now_there);
  elsif tg_op = 'DELETE' then
    works := array(select distinct media_item_id from there_before);
  else
    works := array(
      select media_item_id from now_there union select media_item_id from there_before);
  end if;
  if works = '{}' then
    return null;
  end if;
  perform from catalog.media_items where id = any(works) order by id for no key update;
  delete from catalog.availability_summaries s
  where s.media_item_id = any(works) and not exists (
    select from catalog.availability a where a.media_item_id = s.media_item_id);
  insert into catalog.availability_summaries (media_item_id, summary)
  with entries as materialized (
    select *, row_number() over (order by provider, region, format) as place
    from catalog.availability where media_item_id = any(works)
  ),
  words as (
    select media_item_id, kind, word, min(place) as place
    from entries, lateral (
      values ('providers', provider), ('regions', region), ('formats', format)) as v(kind, word)
    where word <> '' group by 1, 2, 3
  ),
  lists as (
    select media_item_id, kind, jsonb_agg(word order by place) as list from words group by 1, 2
    union all
    select media_item_id, 'statuses', jsonb_object_agg(status, count)
    from (select media_item_id, status, count(*) from entries group by 1, 2) s group by 1
    union all
    select media_item_id, 'checked', jsonb_agg(jsonb_build_array(last_checked_at, count))
    from (select media_item_id, last_checked_at, count(*) from entries group by 1, 2) c group by 1
  )
  select media_item_id, jsonb_object_agg(kind, list) from lists group by 1
  on conflict (media_item_id) do update set summary = excluded.summary;
  return null;
end $$
"""
TRIGGERS = {
    "insert": "new table as now_there",
    "update": "old table as there_before new table as now_there",
    "delete": "old table as there_before",
}
TABLES = (
    "sweep_marks",
    "taste_profiles",
    "menu_placements",
    "menu_copies",
    "availability_summaries",
    "availability",
)


def upgrade() -> None:
    for statement in STATEMENTS.strip().rstrip(";").split(";\n"):
        op.execute(statement)
    op.execute(SUMMARIZE)
    for event, tables in TRIGGERS.items():
        op.execute(
            f"""create trigger summarize_after_{event} after {event} on catalog.availability
                referencing {tables}
                for each statement execute function catalog.summarize_availability()"""
        )


def downgrade() -> None:
    op.execute("drop index catalog.ix_media_sources_payload_kept")
    op.execute("alter table catalog.media_sources drop column payload_stripped_at")
    for table in TABLES:
        op.drop_table(table, schema="catalog")
    op.execute("drop function catalog.summarize_availability")
