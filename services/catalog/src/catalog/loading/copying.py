"""New works in Postgres's own format (COPY), which saves it a fifth of its time; see
catalog.media.repository.write, whose rows these are."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from math import inf
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import ARRAY, REAL, Text, Uuid, bindparam, func, select, text

from catalog.media import repository, rows, search_rows
from catalog.media.indexing import SearchEntry
from catalog.media.records import ItemRecord, SourceRecord
from catalog.models import MediaItem
from common.db import Session

# Not `field_sources`: a batch gives a new work one source, whose word is every field of it.
_ITEM_FIELDS = (
    "id", "media_type", "title", "subtitle", "description", "release_date", "cover_image_url",
    "canonical_url", "metadata_json", "creators", "popularity", "version", "created_at",
    "updated_at",
)  # fmt: skip
_ITEM_COLUMNS = tuple(name.removesuffix("_json") for name in _ITEM_FIELDS)
_SOURCE_FIELDS = tuple(field.name for field in fields(SourceRecord))
_KNOWN = select(MediaItem.id).where(MediaItem.id == func.any(bindparam("ids", type_=ARRAY(Uuid))))
_TEXTS = (
    "media_type", "title_key", "sort_key", "title", "subtitle", "creators", "rest", "years",
    "terms",
)  # fmt: skip
_INDEX = text(
    f"""
    with entered as (
      select id, media_type, title_key, sort_key, title, subtitle, creators, rest,
        string_to_array(years, ' ') as years, popularity, string_to_array(terms, ' ') as terms
      from unnest(:ids, {", ".join(f":{name}" for name in _TEXTS)}, :popularity)
        as e(id, {", ".join(_TEXTS)}, popularity)
    ),
    words as materialized (
      select e.id, e.media_type, e.title_key, e.sort_key, e.popularity, e.terms,
        {search_rows.VECTORS}
      from entered e
    ),
    {search_rows.OF_WORDS}
    select
    """  # noqa: S608 constants
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("popularity", type_=ARRAY(REAL)),
    *(bindparam(name, type_=ARRAY(Text)) for name in _TEXTS),
)


class Batch:
    """What one transaction writes; `known` are the terms that those before have written, with the
    popularity of the best known work that has each."""

    def __init__(self, known: dict[str, float]) -> None:
        self._known = known
        self._terms: dict[str, float] = {}

    async def write(
        self,
        session: Session,
        items: Sequence[ItemRecord],
        sources: Sequence[SourceRecord],
        raw_payloads: Sequence[bytes],
    ) -> None:
        """Works that are known are overwritten; the sources must be new."""
        known = set(await session.scalars(_KNOWN, {"ids": [item.id for item in items]}))
        if known:
            overwritten = [item for item in items if item.id in known]
            await repository.write(session, overwritten, [], [])
        new = [item for item in items if item.id not in known]
        if new:
            await _copy(session, "media_items", _ITEM_COLUMNS, map(attrgetter(*_ITEM_FIELDS), new))
            await _copy_kinds(session, new)
        of_source = attrgetter(*_SOURCE_FIELDS)
        records = (
            (*of_source(source), payload)
            for source, payload in zip(sources, raw_payloads, strict=True)
        )
        await _copy(session, "media_sources", (*_SOURCE_FIELDS, "raw_payload"), records)
        if new:
            # Last: other writers wait for the words that are new here until all of this is stored.
            await self._index(session, new)

    def was_committed(self) -> None:
        self._known |= self._terms

    async def _index(self, session: Session, items: Sequence[ItemRecord]) -> None:
        entries = [item.search for item in items]
        await session.execute(
            _INDEX,
            {
                "ids": [item.id for item in items],
                "media_type": [item.media_type for item in items],
                "title_key": [entry.title_key for entry in entries],
                "sort_key": [entry.sort_key for entry in entries],
                "title": [entry.title for entry in entries],
                "subtitle": [entry.subtitle for entry in entries],
                "creators": [entry.creators for entry in entries],
                "rest": [entry.rest for entry in entries],
                # Neither has spaces in it, and arrays of arrays have all the same length.
                "years": [" ".join(entry.years) for entry in entries],
                "terms": [" ".join(self._better_known(entry)) for entry in entries],
                "popularity": [entry.popularity for entry in entries],
            },
        )

    def _better_known(self, entry: SearchEntry) -> Iterator[str]:
        """The terms that are new, or have not been in a work as well known."""
        for term in entry.terms:
            before = max(self._known.get(term, -inf), self._terms.get(term, -inf))
            if entry.popularity >= before + search_rows.TERM_STEP:
                self._terms[term] = entry.popularity
                yield term


async def _copy_kinds(session: Session, items: Sequence[ItemRecord]) -> None:
    for kind, table in rows.TABLE_OF_KIND.items():
        columns = tuple(field.name for field in fields(kind))
        values = attrgetter(*columns)
        records = [
            (item.id, *values(item.extension)) for item in items if type(item.extension) is kind
        ]
        if records:
            await _copy(session, table.name, ("media_item_id", *columns), records)


async def _copy(
    session: Session, table: str, columns: Sequence[str], records: Iterable[tuple[object, ...]]
) -> None:
    raw = await (await session.connection()).get_raw_connection()
    await cast("Any", raw.driver_connection).copy_records_to_table(
        table, schema_name="catalog", columns=columns, records=records
    )
