"""Statements about stale entries of search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Integer, Uuid, bindparam, text

from catalog.media import search_rows
from catalog.media.indexing import SearchEntry, search_entry
from catalog.media.items import Item
from common.db import Session

# The works are held, as whoever writes one holds it first and its entry afterwards.
_HOLD_STALE = text(
    """
    select m.id from catalog.item_search s join catalog.media_items m on m.id = s.media_item_id
    where s.is_stale order by m.id limit :most for no key update of m skip locked
    """
).bindparams(bindparam("most", type_=Integer))
_COUNTS = text(
    """
    select media_item_id, source_name, popularity from catalog.media_sources
    where media_item_id = any(:ids) and popularity is not null
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))
# With another title key they may have other twins: see catalog.duplicates.
_WRITE = text(
    f"""
    with items as materialized (
      select * from json_to_recordset(cast(:entries as json)) as i(
        id uuid, media_type text, popularity real, search json)
    ),
    works as (
      update catalog.media_items m set popularity = i.popularity,
        compared_version = case
          when s.sort_key <> i.search ->> 'sort_key' then 0 else m.compared_version end
      from items i join catalog.item_search s on s.media_item_id = i.id
      where m.id = i.id
        and (m.popularity <> i.popularity or s.sort_key <> i.search ->> 'sort_key')
    ),
    {search_rows.WRITE}
    select from items
    """  # noqa: S608 constants
)


@dataclass(frozen=True, slots=True)
class SourcePopularity:
    """In the source's own measure."""

    source_name: str
    popularity: float


@dataclass(frozen=True, slots=True)
class _Entry:
    id: UUID
    media_type: str
    popularity: float
    search: SearchEntry


async def hold_stale(session: Session, limit: int) -> Sequence[UUID]:
    """Works with a stale entry that nobody else writes just now."""
    return list(await session.scalars(_HOLD_STALE, {"most": limit}))


async def popularities(
    session: Session, media_item_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[SourcePopularity]]:
    found: dict[UUID, list[SourcePopularity]] = {}
    for row in await session.execute(_COUNTS, {"ids": list(media_item_ids)}):
        of_source = SourcePopularity(row.source_name, row.popularity)
        found.setdefault(row.media_item_id, []).append(of_source)
    return found


async def write(session: Session, items: Sequence[Item]) -> None:
    """Their popularity, and what search reads of them."""
    entries = [
        _Entry(item.id, item.facts.media_type, item.popularity, search_entry(item))
        for item in items
    ]
    await session.execute(_WRITE, {"entries": orjson.dumps(entries, default=str).decode()})
