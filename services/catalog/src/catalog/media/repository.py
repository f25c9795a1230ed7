"""Every statement about works and their sources."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
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

from catalog.media import rows, search_rows
from catalog.media.identity import StrongId, values_of
from catalog.media.items import Item, Override, SourcedItem, SourceKey
from catalog.media.records import ItemRecord, SourceRecord
from catalog.models import MediaItem, MediaSource
from common.db import Reader, Session


def _with_kind() -> Select[tuple[object, ...]]:
    statement = select(*rows.BASE_COLUMNS, *rows.KIND_COLUMNS).select_from(MediaItem)
    for table in rows.KIND_TABLES:
        statement = statement.outerjoin(table, table.c.media_item_id == MediaItem.id)
    return statement


# Built once: to build a statement costs more than to run it.
_asked = MediaItem.__table__.alias("asked")
_IDS = bindparam("ids", type_=ARRAY(Uuid))
# An absorbed work means its survivor.
_ITEMS = (
    _with_kind()
    .join(_asked, MediaItem.id == func.coalesce(_asked.c.merged_into, _asked.c.id))
    .add_columns(_asked.c.id.label("asked_id"))
    .where(_asked.c.id == func.any(_IDS))
)
_WITH_PROVENANCE = _with_kind().add_columns(*rows.provenance_columns())
_SOURCED_ITEM = _WITH_PROVENANCE.join(
    _asked, MediaItem.id == func.coalesce(_asked.c.merged_into, _asked.c.id)
).where(_asked.c.id == bindparam("id"))
_known = MediaSource.__table__.alias("known")
_BY_SOURCE = _WITH_PROVENANCE.join(_known, _known.c.media_item_id == MediaItem.id).where(
    _known.c.source_name == bindparam("name"), _known.c.external_id == bindparam("external_id")
)
# What people type in may share an id without end.
_MOST_OF_IDS = 1000
_NAMED = text(
    f"""
    select s.media_item_id
    from unnest(:names, :ids) as asked(source_name, external_id)
    join catalog.media_sources s
      on s.source_name = asked.source_name and s.external_id = asked.external_id
    union (
      select media_item_id from catalog.books where isbn_13 = any(:isbns_13)
      union select media_item_id from catalog.books where isbn_10 = any(:isbns_10)
      union select media_item_id from catalog.screens where imdb_id = any(:imdb_ids)
      union select media_item_id from catalog.music_tracks where mbid = any(:mbids)
      order by 1 limit {_MOST_OF_IDS})
    """  # noqa: S608 constants
).bindparams(
    *(
        bindparam(name, type_=ARRAY(Text))
        for name in ("names", "ids", "isbns_13", "isbns_10", "imdb_ids", "mbids")
    )
)
_named = _NAMED.columns(column("media_item_id", Uuid)).subquery("named")
_IS_NAMED = MediaItem.id.in_(select(_named.c.media_item_id)) & MediaItem.merged_into.is_(None)
_FIND = _WITH_PROVENANCE.where(_IS_NAMED).order_by(MediaItem.id)
# In one order, so that two who hold several never wait for each other.
_HOLD = select(MediaItem.id).where(_IS_NAMED).order_by(MediaItem.id).with_for_update(key_share=True)
_HOLD_ONE = (
    select(MediaItem.id, MediaItem.merged_into)
    .where(MediaItem.id == bindparam("id"))
    .with_for_update(key_share=True)
)


async def get(session: Reader, media_item_id: UUID, reader_id: UUID | None) -> SourcedItem | None:
    found = await session.execute(_SOURCED_ITEM, {"id": media_item_id, "reader_id": reader_id})
    row = found.one_or_none()
    return None if row is None else rows.to_sourced_item(row)


async def get_many(session: Reader, media_item_ids: Sequence[UUID]) -> dict[UUID, Item]:
    """By the ids asked; an absorbed one stands for its survivor."""
    found = await session.execute(_ITEMS, {"ids": list(media_item_ids)})
    return {row.asked_id: rows.to_full_item(row) for row in found}


async def find_by_source(session: Reader, key: SourceKey) -> SourcedItem | None:
    values = {"name": key.source_name, "external_id": key.external_id, "reader_id": None}
    row = (await session.execute(_BY_SOURCE, values)).one_or_none()
    return None if row is None else rows.to_sourced_item(row)


async def find(
    session: Reader, keys: Iterable[SourceKey], ids: Iterable[StrongId]
) -> dict[UUID, SourcedItem]:
    """The works that have one of these sources or of these ids, in order of their own."""
    found = await session.execute(_FIND, {**_names(keys, ids), "reader_id": None})
    return {row.id: rows.to_sourced_item(row) for row in found}


async def hold(session: Session, keys: Iterable[SourceKey], ids: Iterable[StrongId]) -> None:
    """Nobody else changes or merges these works until the commit."""
    await session.execute(_HOLD, _names(keys, ids))


async def hold_one(session: Session, media_item_id: UUID) -> UUID | None:
    """The work, or what has absorbed it, held until the commit; None when there is none."""
    held = (await session.execute(_HOLD_ONE, {"id": media_item_id})).one_or_none()
    while held is not None and held.merged_into is not None:
        held = (await session.execute(_HOLD_ONE, {"id": held.merged_into})).one_or_none()
    return None if held is None else held.id


def _names(keys: Iterable[SourceKey], ids: Iterable[StrongId]) -> dict[str, list[str]]:
    asked = list(keys)
    return {
        "names": [key.source_name for key in asked],
        "ids": [key.external_id for key in asked],
        **asdict(values_of(ids)),
    }


_LOCK = text(
    "select pg_advisory_xact_lock(key) from unnest(cast(:keys as bigint[])) as keys(key)"
).bindparams(bindparam("keys", type_=ARRAY(BigInteger)))


async def lock(session: Session, keys: Iterable[SourceKey], ids: Iterable[StrongId]) -> None:
    """Until the transaction ends nobody else adds or refreshes what has these keys or ids.

    The numbers are taken in order, so that two batches never wait for each other.
    """
    names = [f"catalog {key.source_name} {key.external_id}" for key in keys]
    names += [f"catalog {one.kind} {one.value}" for one in ids]
    await session.execute(_LOCK, {"keys": sorted({_lock_number(name) for name in names})})


def _lock_number(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)


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


async def note_replaced(
    session: Session, media_item_id: UUID, overrides: Iterable[Override]
) -> None:
    """What the sources say now in the place of everybody's overrides."""
    replaced = {one.field: one.replaced for one in overrides if one.user_id is None}
    values = {
        "media_item_id": media_item_id,
        "fields": list(replaced.keys()),
        "texts": list(replaced.values()),
    }
    await session.execute(_NOTE_REPLACED, values)


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

# Foreign keys are checked when the whole statement is done, so its parts may go in any order. In
# fact Postgres begins with the last one: the words, for which others may wait, come at the end.
_WRITE = text(
    f"""
    with items as materialized (
      select * from json_to_recordset(cast(:items as json)) as i(
        id uuid, media_type text, title text, subtitle text, description text, release_date date,
        cover_image_url text, canonical_url text, metadata_json text, creators text[],
        popularity real, version bigint, created_at timestamptz, updated_at timestamptz,
        extension json, field_sources jsonb, search json)
    ),
    {search_rows.WRITE},
    works as (
      insert into catalog.media_items (
        id, media_type, title, subtitle, description, release_date, cover_image_url,
        canonical_url, metadata, creators, popularity, version, created_at, updated_at,
        field_sources)
      select
        id, media_type, title, subtitle, description, release_date, cover_image_url,
        canonical_url, cast(metadata_json as jsonb), creators, popularity, version,
        created_at, updated_at, field_sources
      from items
      on conflict (id) do update set
        media_type = excluded.media_type, title = excluded.title, subtitle = excluded.subtitle,
        description = excluded.description, release_date = excluded.release_date,
        cover_image_url = excluded.cover_image_url, canonical_url = excluded.canonical_url,
        metadata = excluded.metadata, creators = excluded.creators,
        popularity = excluded.popularity, version = excluded.version,
        updated_at = excluded.updated_at, field_sources = excluded.field_sources
    ),
    {_KINDS}
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

_NOTE_REPLACED = text(
    """
    update catalog.overrides o set replaced = said.replaced
    from unnest(:fields, :texts) as said(field, replaced)
    where o.media_item_id = :media_item_id and o.user_id is null and o.field = said.field
    """
).bindparams(
    bindparam("fields", type_=ARRAY(Text)),
    bindparam("texts", type_=ARRAY(Text)),
    bindparam("media_item_id", type_=Uuid),
)
_FORGET_KINDS = text(
    """
    with books as (delete from catalog.books where media_item_id = any(:ids)),
    screens as (delete from catalog.screens where media_item_id = any(:ids)),
    games as (delete from catalog.games where media_item_id = any(:ids))
    delete from catalog.music_tracks where media_item_id = any(:ids)
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))
