"""Every statement about works and their sources."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Select,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import BYTEA

from catalog.media import rows
from catalog.media.items import Item, SourcedItem, SourceKey
from catalog.media.records import ItemRecord, SourceRecord
from catalog.models import MediaItem, MediaSource
from common.db import Reader, Session


def _with_kind() -> Select[tuple[object, ...]]:
    statement = select(*rows.BASE_COLUMNS, *rows.KIND_COLUMNS).select_from(MediaItem)
    for table in rows.KIND_TABLES:
        statement = statement.outerjoin(table, table.c.media_item_id == MediaItem.id)
    return statement


# Built once: to build a statement costs more than to run it.
_ITEMS = _with_kind().where(MediaItem.id == func.any(bindparam("ids", type_=ARRAY(Uuid))))
_SOURCED_ITEM = _with_kind().add_columns(rows.sources_json()).where(MediaItem.id == bindparam("id"))
_KEYS = (
    func.unnest(bindparam("names", type_=ARRAY(Text)), bindparam("ids", type_=ARRAY(Text)))
    .table_valued(column("source_name", Text), column("external_id", Text), name="asked")
    .render_derived()
)
_known = MediaSource.__table__.alias("known")
_BY_SOURCE = (
    _with_kind()
    .join(_known, _known.c.media_item_id == MediaItem.id)
    .join(
        _KEYS,
        (_known.c.source_name == _KEYS.c.source_name)
        & (_known.c.external_id == _KEYS.c.external_id),
    )
    .add_columns(
        rows.sources_json(),
        _known.c.source_name.label("known_name"),
        _known.c.external_id.label("known_id"),
    )
)
_BY_SOURCE_LOCKED = _BY_SOURCE.with_for_update(key_share=True, of=MediaItem)


async def get(session: Reader, media_item_id: UUID) -> SourcedItem | None:
    found = await session.execute(_SOURCED_ITEM, {"id": media_item_id})
    row = found.one_or_none()
    if row is None:
        return None
    return SourcedItem(rows.to_full_item(row), rows.to_sources(row.sources_json))


async def get_many(session: Reader, media_item_ids: Sequence[UUID]) -> dict[UUID, Item]:
    found = await session.execute(_ITEMS, {"ids": list(media_item_ids)})
    return {row.id: rows.to_full_item(row) for row in found}


async def find_by_source(
    session: Reader, keys: Iterable[SourceKey], *, for_change: bool = False
) -> dict[SourceKey, SourcedItem]:
    """What the sources' ids stand for; `for_change` keeps others from changing it meanwhile."""
    asked = list(keys)
    found = await session.execute(
        _BY_SOURCE_LOCKED if for_change else _BY_SOURCE,
        {
            "names": [key.source_name for key in asked],
            "ids": [key.external_id for key in asked],
        },
    )
    return {
        SourceKey(row.known_name, row.known_id): SourcedItem(
            rows.to_full_item(row), rows.to_sources(row.sources_json)
        )
        for row in found
    }


_LOCK = text(
    "select pg_advisory_xact_lock(key) from unnest(cast(:keys as bigint[])) as keys(key)"
).bindparams(bindparam("keys", type_=ARRAY(BigInteger)))


async def lock_keys(session: Session, keys: Iterable[SourceKey]) -> None:
    """Until the transaction ends nobody else adds or refreshes what has these keys.

    The numbers are taken in order, so that two batches never wait for each other.
    """
    await session.execute(_LOCK, {"keys": sorted({_lock_number(key) for key in keys})})


def _lock_number(key: SourceKey) -> int:
    name = f"catalog {key.source_name} {key.external_id}".encode()
    return int.from_bytes(blake2b(name, digest_size=8).digest(), signed=True)


async def write(
    session: Session,
    items: Sequence[ItemRecord],
    sources: Sequence[SourceRecord],
    raw_payloads: Sequence[bytes],
) -> None:
    """Add or overwrite works and sources by their ids: one statement, however many."""
    await session.execute(
        _WRITE,
        {
            # asyncpg's ids are no plain UUIDs, which is all that orjson knows.
            "items": orjson.dumps(items, default=str).decode(),
            "sources": orjson.dumps(sources, default=str).decode(),
            "raw_payloads": list(raw_payloads),
        },
    )


async def forget_kinds(session: Session, media_item_ids: Sequence[UUID]) -> None:
    """Remove what belongs to the kind of these works, before they become another kind."""
    await session.execute(_FORGET_KINDS, {"ids": list(media_item_ids)})


async def forget_person(session: Session, user_id: UUID) -> None:
    mine = update(MediaSource).where(MediaSource.created_by == user_id)
    await session.execute(mine.values(created_by=None))


def _kind(table: str, media_types: str, columns: str) -> str:
    """A part of the write: the rows of one kind's table."""
    names = [definition.split()[0] for definition in columns.split(", ")]
    assign = ", ".join(f"{name} = excluded.{name}" for name in names)
    return f"""
    {table} as (
      insert into catalog.{table} (media_item_id, {", ".join(names)})
      select i.id, {", ".join(f"e.{name}" for name in names)}
      from items i, json_to_record(i.extension) as e({columns})
      where i.media_type in ({media_types})
      on conflict (media_item_id) do update set {assign}
    )"""  # noqa: S608 constants


_KINDS = ",".join(
    (
        _kind(
            "books",
            "'book'",
            "authors text[], page_count int, publisher text, language text, isbn_10 text, "
            "isbn_13 text",
        ),
        _kind(
            "screens",
            "'movie', 'tv'",
            "runtime_minutes int, directors text[], producers text[], tmdb_type text, imdb_id text",
        ),
        _kind(
            "games",
            "'game'",
            "platforms text[], developers text[], publishers text[], genres text[]",
        ),
        _kind(
            "music_tracks",
            "'music'",
            "artist_name text, album_name text, track_number int, duration_ms int, mbid text",
        ),
    )
)

# Foreign keys are checked when the whole statement is done, so its parts may go in any order.
_WRITE = text(
    f"""
    with items as materialized (
      select * from json_to_recordset(cast(:items as json)) as i(
        id uuid, media_type text, title text, subtitle text, description text, release_date date,
        cover_image_url text, canonical_url text, metadata_json text, creators text[],
        popularity real, version bigint, created_at timestamptz, updated_at timestamptz,
        extension json, title_key text, further_words text)
    ),
    works as (
      insert into catalog.media_items (
        id, media_type, title, subtitle, description, release_date, cover_image_url,
        canonical_url, metadata, creators, popularity, version, created_at, updated_at)
      select
        id, media_type, title, subtitle, description, release_date, cover_image_url,
        canonical_url, cast(metadata_json as jsonb), creators, popularity, version,
        created_at, updated_at
      from items
      on conflict (id) do update set
        media_type = excluded.media_type, title = excluded.title, subtitle = excluded.subtitle,
        description = excluded.description, release_date = excluded.release_date,
        cover_image_url = excluded.cover_image_url, canonical_url = excluded.canonical_url,
        metadata = excluded.metadata, creators = excluded.creators,
        popularity = excluded.popularity, version = excluded.version,
        updated_at = excluded.updated_at
    ),
    {_KINDS},
    heads as materialized (
      select id, media_type, popularity, title_key,
        setweight(to_tsvector('catalog.english_unaccent', title), 'A')
        || setweight(to_tsvector('catalog.english_unaccent', coalesce(subtitle, '')), 'B')
        || setweight(
          to_tsvector('catalog.english_unaccent', array_to_string(creators, E'\\n')), 'C') as head,
        to_tsvector(
          'catalog.english_unaccent', concat_ws(E'\\n', description, further_words)) as rest
      from items
    ),
    searched as (
      insert into catalog.item_search (
        media_item_id, media_type, popularity, title_key, head, document)
      select id, media_type, popularity, title_key, head, head || setweight(rest, 'D')
      from heads
      on conflict (media_item_id) do update set
        media_type = excluded.media_type, popularity = excluded.popularity,
        title_key = excluded.title_key, head = excluded.head, document = excluded.document
    )
    insert into catalog.media_sources (
      id, media_item_id, source_name, external_id, canonical_url, raw_payload_bytes, popularity,
      created_by, fetched_at, raw_payload)
    select * from rows from (
      json_to_recordset(cast(:sources as json)) as (
        id uuid, media_item_id uuid, source_name text, external_id text, canonical_url text,
        raw_payload_bytes int, popularity real, created_by uuid, fetched_at timestamptz),
      unnest(cast(:raw_payloads as bytea[]))
    ) as s
    on conflict (source_name, external_id) do update set
      canonical_url = excluded.canonical_url, raw_payload_bytes = excluded.raw_payload_bytes,
      popularity = excluded.popularity, fetched_at = excluded.fetched_at,
      raw_payload = excluded.raw_payload
    """  # noqa: S608 constants
).bindparams(bindparam("raw_payloads", type_=ARRAY(BYTEA)))

_FORGET_KINDS = text(
    """
    with books as (delete from catalog.books where media_item_id = any(:ids)),
    screens as (delete from catalog.screens where media_item_id = any(:ids)),
    games as (delete from catalog.games where media_item_id = any(:ids))
    delete from catalog.music_tracks where media_item_id = any(:ids)
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))
