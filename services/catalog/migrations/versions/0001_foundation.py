"""Works, their sources, and what search reads of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from common import outbox_trigger

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)
NAMES = postgresql.ARRAY(sa.Text())

# Accents are taken off before the stemmer sees the word, in what is stored and in what is asked.
TEXT_SEARCH = (
    "create text search configuration catalog.english_unaccent (copy = pg_catalog.english)",
    """alter text search configuration catalog.english_unaccent
         alter mapping for hword, hword_part, word with public.unaccent, pg_catalog.english_stem""",
)

# Planned anew for each query (force_custom_plan): whether the words are common decides between
# reading all their works and walking down the popularity index until enough have matched.
SEARCH_MEDIA = """
create function catalog.search_media(
  query text, key text, kinds text[], skip int, take int, out ids uuid[], out total int
) language plpgsql stable
set plan_cache_mode = force_custom_plan set client_min_messages = warning
as $$
declare
  ranked constant int := 200;     -- the hits that are ordered by how well they match
  counted constant int := 10000;  -- no page and no total goes beyond
  reach constant int := least(greatest(ranked, skip + take), counted);
  wanted constant tsquery := websearch_to_tsquery('catalog.english_unaccent', query);
  wordless constant boolean := querytree(wanted) = '';  -- nothing but stop words
  kind constant text := case when cardinality(kinds) = 1 then kinds[1] end;
  many constant boolean := cardinality(kinds) > 1;
  found uuid[];
  heads int;
begin
  if querytree(wanted) = 'T' then  -- only exclusions: everything else, which nobody wants to read
    ids := '{}';
    total := 0;
    return;
  end if;
  found := array(
    select s.media_item_id from catalog.item_search s
    where s.title_key = key and (wordless or s.document @@ wanted)
      and (kind is null or s.media_type = kind) and (not many or s.media_type = any(kinds))
    order by s.popularity desc, s.media_item_id desc limit reach);
  if not wordless and cardinality(found) < reach then
    found := found || array(
      select s.media_item_id from catalog.item_search s
      where s.head @@ wanted and s.document @@ wanted and s.title_key <> key
        and (kind is null or s.media_type = kind) and (not many or s.media_type = any(kinds))
      order by s.popularity desc, s.media_item_id desc limit reach - cardinality(found));
  end if;
  heads := cardinality(found);
  if not wordless and cardinality(found) < reach then
    found := found || array(
      select s.media_item_id from catalog.item_search s
      where s.document @@ wanted and not s.head @@ wanted and s.title_key <> key
        and (kind is null or s.media_type = kind) and (not many or s.media_type = any(kinds))
      order by s.popularity desc, s.media_item_id desc limit reach - cardinality(found));
  end if;
  ids := array(
    select c.id from unnest(found) with ordinality c(id, nth)
    join catalog.item_search s on s.media_item_id = c.id
    order by s.title_key <> key, c.nth > heads, greatest(c.nth, ranked),
      case when c.nth <= ranked then ts_rank_cd(s.document, wanted) end desc,
      s.popularity desc, s.title_key, c.id
    limit take offset skip);
  total := cardinality(found);
  if total = reach and not wordless then
    select count(*) into total from (
      select 1 from catalog.item_search s where s.document @@ wanted
        and (kind is null or s.media_type = kind) and (not many or s.media_type = any(kinds))
      limit counted) capped;
  end if;
end $$
"""


def upgrade() -> None:
    for statement in TEXT_SEARCH:
        op.execute(statement)
    create_media_items()
    create_kinds()
    create_media_sources()
    create_item_search()
    op.execute(SEARCH_MEDIA)
    create_messages()


def create_media_items() -> None:
    op.create_table(
        "media_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.String(8), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("subtitle", sa.String(500)),
        sa.Column("description", sa.Text()),
        sa.Column("release_date", sa.Date()),
        sa.Column("cover_image_url", sa.String(1024)),
        sa.Column("canonical_url", sa.String(1024)),
        sa.Column("metadata", postgresql.JSONB()),
        sa.Column("creators", NAMES, nullable=False),
        sa.Column("popularity", sa.REAL(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_media_items"),
        sa.CheckConstraint(
            "media_type in ('book', 'movie', 'tv', 'game', 'music')",
            name="ck_media_items_media_type",
        ),
        schema="catalog",
    )


def create_kind(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("media_item_id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["media_item_id"],
            ["catalog.media_items.id"],
            name=f"fk_{table}_media_item_id_media_items",
            ondelete="CASCADE",
        ),
        schema="catalog",
    )


def create_kinds() -> None:
    create_kind(
        "books",
        sa.Column("authors", NAMES, nullable=False),
        sa.Column("page_count", sa.Integer()),
        sa.Column("publisher", sa.String(200)),
        sa.Column("language", sa.String(35)),
        sa.Column("isbn_10", sa.String(10)),
        sa.Column("isbn_13", sa.String(13)),
    )
    for column in ("isbn_10", "isbn_13"):
        op.create_index(
            f"ix_books_{column}",
            "books",
            [column],
            schema="catalog",
            postgresql_where=sa.text(f"{column} is not null"),
        )
    create_kind(
        "screens",
        sa.Column("runtime_minutes", sa.Integer()),
        sa.Column("directors", NAMES, nullable=False),
        sa.Column("producers", NAMES, nullable=False),
        sa.Column("tmdb_type", sa.String(8)),
        sa.Column("imdb_id", sa.String(16)),
    )
    create_kind(
        "games",
        sa.Column("platforms", NAMES, nullable=False),
        sa.Column("developers", NAMES, nullable=False),
        sa.Column("publishers", NAMES, nullable=False),
        sa.Column("genres", NAMES, nullable=False),
    )
    create_kind(
        "music_tracks",
        sa.Column("artist_name", sa.String(200)),
        sa.Column("album_name", sa.String(200)),
        sa.Column("track_number", sa.Integer()),
        sa.Column("duration_ms", sa.Integer()),
        sa.Column("mbid", sa.String(36)),
    )


def create_media_sources() -> None:
    op.create_table(
        "media_sources",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("source_name", sa.String(40), nullable=False),
        sa.Column("external_id", sa.String(500), nullable=False),
        sa.Column("canonical_url", sa.String(1024)),
        sa.Column("raw_payload", sa.LargeBinary(), nullable=False),
        sa.Column("raw_payload_bytes", sa.Integer(), nullable=False),
        sa.Column("popularity", sa.REAL()),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("fetched_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_media_sources"),
        sa.UniqueConstraint(
            "source_name", "external_id", name="uq_media_sources_source_name_external_id"
        ),
        sa.ForeignKeyConstraint(
            ["media_item_id"],
            ["catalog.media_items.id"],
            name="fk_media_sources_media_item_id_media_items",
            ondelete="CASCADE",
        ),
        schema="catalog",
    )
    op.create_index(
        "ix_media_sources_media_item_id", "media_sources", ["media_item_id"], schema="catalog"
    )
    op.create_index(
        "ix_media_sources_created_by",
        "media_sources",
        ["created_by"],
        schema="catalog",
        postgresql_where=sa.text("created_by is not null"),
    )


def create_item_search() -> None:
    create_kind(
        "item_search",
        sa.Column("media_type", sa.String(8), nullable=False),
        sa.Column("popularity", sa.REAL(), nullable=False),
        sa.Column("title_key", sa.String(200), nullable=False),
        sa.Column("head", postgresql.TSVECTOR(), nullable=False),
        sa.Column("document", postgresql.TSVECTOR(), nullable=False),
    )
    op.execute(
        """create index ix_item_search_words on catalog.item_search
             using gin (head, document) with (gin_pending_list_limit = 256)"""
    )
    for name, columns in {
        "title_key": ["title_key"],
        "popularity": ["popularity", "media_item_id"],
        "media_type": ["media_type", "popularity", "media_item_id"],
    }.items():
        op.create_index(f"ix_item_search_{name}", "item_search", columns, schema="catalog")
    op.execute("alter table catalog.item_search set (autovacuum_vacuum_scale_factor = 0.02)")


def create_messages() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", TIMESTAMP, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        schema="catalog",
    )
    for statement in outbox_trigger.create("catalog"):
        op.execute(statement)
    op.create_table(
        "inbox",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", TIMESTAMP, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_inbox"),
        schema="catalog",
    )
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"], schema="catalog")


def downgrade() -> None:
    op.execute("drop function catalog.search_media")
    for statement in outbox_trigger.drop("catalog"):
        op.execute(statement)
    for table in (
        "inbox",
        "outbox",
        "item_search",
        "media_sources",
        "music_tracks",
        "games",
        "screens",
        "books",
        "media_items",
    ):
        op.drop_table(table, schema="catalog")
    op.execute("drop text search configuration catalog.english_unaccent")
