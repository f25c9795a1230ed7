"""What a library holds, what a person changed in it, and on what a state rests."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
BASIS = {
    "set_status": sa.String(20),
    "set_started_at": TIMESTAMP,
    "set_finished_at": TIMESTAMP,
    "set_at": TIMESTAMP,
}

# Whoever writes a state or a log, and however many, leaves the entries right: rows of one work wait
# for each other at its entry, and what is looked up after that is what the others left.
FOLLOW_STATE = """
create function catalog.follow_state() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT'
      and (tg_op = 'DELETE' or new.user_id <> old.user_id or new.media_item_id <> old.media_item_id)
  then
    update catalog.library_entries set status = null, state_updated_at = null
      where user_id = old.user_id and media_item_id = old.media_item_id;
    delete from catalog.library_entries
      where user_id = old.user_id and media_item_id = old.media_item_id and log_count = 0;
  end if;
  if tg_op <> 'DELETE' then
    insert into catalog.library_entries
        (user_id, media_item_id, status, state_updated_at, log_count)
      values (new.user_id, new.media_item_id, new.status, new.updated_at, 0)
      on conflict (user_id, media_item_id) do update
        set status = excluded.status, state_updated_at = excluded.state_updated_at;
  end if;
  return null;
end $$
"""
# Once for a statement, since a thousand logs of one work are merged or forgotten in one.
FOLLOW_LOGS = """
create function catalog.follow_logs() returns trigger language plpgsql as $$
declare
  moved uuid[];
begin
  if tg_op = 'INSERT' then
    moved := array(select id from now_there);
  elsif tg_op = 'DELETE' then
    moved := array(select id from there_before);
  else
    moved := array(
      select id from (
        select id, user_id, media_item_id, logged_at from now_there
        except select id, user_id, media_item_id, logged_at from there_before) changed);
  end if;
  if moved = '{}' then
    return null;
  end if;
  if tg_op <> 'INSERT' then
    perform from catalog.library_entries where (user_id, media_item_id) in (
        select user_id, media_item_id from there_before where id = any(moved))
      order by user_id, media_item_id for update;
    update catalog.library_entries e set
      log_count = e.log_count - gone.count,
      (last_log_id, last_logged_at) = (
        select l.id, l.logged_at from catalog.user_logs l
        where l.media_item_id = e.media_item_id and l.user_id = e.user_id
        order by l.logged_at desc, l.id desc limit 1)
      from (
        select user_id, media_item_id, count(*)
        from there_before where id = any(moved) group by 1, 2
      ) gone
      where e.user_id = gone.user_id and e.media_item_id = gone.media_item_id;
    delete from catalog.library_entries
      where log_count = 0 and state_updated_at is null and (user_id, media_item_id) in (
        select user_id, media_item_id from there_before where id = any(moved));
  end if;
  if tg_op <> 'DELETE' then
    insert into catalog.library_entries as e
        (user_id, media_item_id, log_count, last_log_id, last_logged_at)
      select user_id, media_item_id, count(*),
        (array_agg(id order by logged_at desc, id desc))[1], max(logged_at)
      from now_there where id = any(moved) group by 1, 2 order by 1, 2
      on conflict (user_id, media_item_id) do update set
        log_count = e.log_count + excluded.log_count,
        last_log_id = case
          when (e.last_logged_at, e.last_log_id) > (excluded.last_logged_at, excluded.last_log_id)
            then e.last_log_id
          else excluded.last_log_id end,
        last_logged_at = greatest(e.last_logged_at, excluded.last_logged_at);
  end if;
  return null;
end $$
"""
TRIGGERS = (
    """create trigger follow after insert or delete or update of
         user_id, media_item_id, status, updated_at
       on catalog.user_states for each row execute function catalog.follow_state()""",
    *(
        f"""create trigger follow_{event} after {event} on catalog.user_logs
            referencing {tables} for each statement execute function catalog.follow_logs()"""
        for event, tables in (
            ("insert", "new table as now_there"),
            ("update", "old table as there_before new table as now_there"),
            ("delete", "old table as there_before"),
        )
    ),
)
# The triggers are there already, and with them nobody writes until this is done.
BACKFILL = """
insert into catalog.library_entries
    (user_id, media_item_id, status, state_updated_at, log_count, last_log_id, last_logged_at)
  select user_id, media_item_id, s.status, s.updated_at, coalesce(l.n, 0), l.id, l.logged_at
  from catalog.user_states s
  full join (
    select distinct on (user_id, media_item_id) user_id, media_item_id, id, logged_at,
      count(*) over (partition by user_id, media_item_id) as n
    from catalog.user_logs order by user_id, media_item_id, logged_at desc, id desc
  ) l using (user_id, media_item_id)
"""


def upgrade() -> None:
    create_library_entries()
    create_library_changes()
    create_idempotency_keys()
    exchange_log_index(
        "ix_user_logs_media_item_id_user_id",
        "ix_user_logs_media_item_id_user_id_logged_at_id",
        ["media_item_id", "user_id", "logged_at", "id"],
    )
    add_columns()


def add_columns() -> None:
    """Last, since nobody reads these tables from here to the commit."""
    for name, kind in BASIS.items():
        op.add_column("user_states", sa.Column(name, kind), schema="catalog")
    op.add_column(
        "user_logs",
        sa.Column("said_at", TIMESTAMP, server_default=sa.func.now(), nullable=False),
        schema="catalog",
    )


def exchange_log_index(old: str, new: str, columns: list[str]) -> None:
    op.create_index(new, "user_logs", columns, schema="catalog")
    op.drop_index(old, "user_logs", schema="catalog")


def create_library_entries() -> None:
    op.create_table(
        "library_entries",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(20)),
        sa.Column("state_updated_at", TIMESTAMP),
        sa.Column("log_count", sa.Integer(), nullable=False),
        sa.Column("last_log_id", sa.Uuid()),
        sa.Column("last_logged_at", TIMESTAMP),
        sa.Column(
            "last_activity_at",
            TIMESTAMP,
            sa.Computed("greatest(state_updated_at, last_logged_at)", persisted=True),
        ),
        sa.PrimaryKeyConstraint("user_id", "media_item_id", name="pk_library_entries"),
        belongs_to_item("library_entries"),
        schema="catalog",
    )
    op.create_index(
        "ix_library_entries_media_item_id", "library_entries", ["media_item_id"], schema="catalog"
    )
    op.create_index(
        "ix_library_entries_last_activity",
        "library_entries",
        ["user_id", "last_activity_at", "media_item_id"],
        schema="catalog",
        postgresql_include=["status"],
    )
    for statement in (FOLLOW_STATE, FOLLOW_LOGS, *TRIGGERS, BACKFILL):
        op.execute(statement)


def create_library_changes() -> None:
    op.create_table(
        "library_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(8), nullable=False),
        sa.Column("state_before", postgresql.JSONB()),
        sa.Column("state_after", postgresql.JSONB()),
        sa.Column("log_before", postgresql.JSONB()),
        sa.Column("log_after", postgresql.JSONB()),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_library_changes"),
        sa.CheckConstraint(
            "what in ('set', 'cleared', 'written', 'changed', 'deleted')",
            name="ck_library_changes_what",
        ),
        belongs_to_item("library_changes"),
        schema="catalog",
    )
    for columns in (["user_id", "id"], ["media_item_id"], ["at"]):
        op.create_index(
            f"ix_library_changes_{'_'.join(columns)}", "library_changes", columns, schema="catalog"
        )


def create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reply", sa.LargeBinary()),
        sa.Column("created_at", TIMESTAMP, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_idempotency_keys"),
        schema="catalog",
    )
    op.create_index(
        "ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], schema="catalog"
    )


def belongs_to_item(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["media_item_id"],
        ["catalog.media_items.id"],
        name=f"fk_{table}_media_item_id",
        ondelete="CASCADE",
    )


def downgrade() -> None:
    for function in ("follow_state", "follow_logs"):
        op.execute(f"drop function catalog.{function} cascade")
    for table in ("idempotency_keys", "library_changes", "library_entries"):
        op.drop_table(table, schema="catalog")
    exchange_log_index(
        "ix_user_logs_media_item_id_user_id_logged_at_id",
        "ix_user_logs_media_item_id_user_id",
        ["media_item_id", "user_id"],
    )
    op.drop_column("user_logs", "said_at", schema="catalog")
    for name in BASIS:
        op.drop_column("user_states", name, schema="catalog")
