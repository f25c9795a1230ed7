"""Every statement that looks for the works which drafts describe."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Integer, Select, Text, Uuid, bindparam, column, exists, select, text
from sqlalchemy.sql.expression import TextClause

from catalog.matching.matches import Match, Reason
from catalog.media import rows
from catalog.media.identity import IdKind, strong_ids, values_of
from catalog.media.indexing import sort_key, title_key
from catalog.media.items import Draft
from catalog.models import LibraryEntry, MediaItem
from common.db import Reader

# Of the works that one draft may be for one reason so many are looked at, the oldest first.
_MOST = 20
_REASONS = {
    IdKind.ISBN: Reason.ISBN,
    IdKind.IMDB_ID: Reason.IMDB_ID,
    IdKind.MBID: Reason.MBID,
}
# Each part looks up one index; what is absorbed leads to its survivor.
_BY_IDS = text(
    f"""
    with asked as materialized (
      select * from json_to_recordset(cast(:asked as json)) as a(
        index int, reason int, name text, value text)
    ),
    found as (
      select a.index, a.reason, s.media_item_id from asked a
      join catalog.media_sources s on s.source_name = a.name and s.external_id = a.value
      where a.reason = {Reason.SOURCE_ID:d}
      union all
      select a.index, a.reason, m.id from asked a
      join catalog.media_items m
        on lower(rtrim(m.canonical_url, '/')) = lower(rtrim(a.value, '/'))
      where a.reason = {Reason.CANONICAL_URL:d} and m.canonical_url is not null
      union all
      select a.index, a.reason, b.media_item_id from asked a
      join catalog.books b on b.isbn_13 = a.value
      where a.reason = {Reason.ISBN:d} and a.name = 'isbn_13'
      union all
      select a.index, a.reason, b.media_item_id from asked a
      join catalog.books b on b.isbn_10 = a.value
      where a.reason = {Reason.ISBN:d} and a.name = 'isbn_10'
      union all
      select a.index, a.reason, s.media_item_id from asked a
      join catalog.screens s on s.imdb_id = a.value
      where a.reason = {Reason.IMDB_ID:d}
      union all
      select a.index, a.reason, t.media_item_id from asked a
      join catalog.music_tracks t on t.mbid = a.value
      where a.reason = {Reason.MBID:d}
    ),
    ranked as (
      select f.index, f.reason, coalesce(m.merged_into, m.id) as media_item_id,
        row_number() over (partition by f.index, f.reason order by m.id) as nth
      from found f join catalog.media_items m on m.id = f.media_item_id
    )
    select index, reason, media_item_id from ranked where nth <= {_MOST}
    """  # noqa: S608 constants
)
_BY_TITLE = text(
    f"""
    select a.index, {Reason.TITLE_YEAR_CREATOR:d} as reason, f.media_item_id
    from json_to_recordset(cast(:asked as json)) as a(
      index int, media_type text, sort_key text, year int)
    cross join lateral (
      select q.media_item_id from catalog.item_search q
      join catalog.media_items m on m.id = q.media_item_id
      where q.sort_key = a.sort_key and m.media_type = a.media_type
        and m.release_date >= make_date(a.year, 1, 1)
        and m.release_date <= make_date(a.year, 12, 31)
      order by q.media_item_id limit {_MOST}
    ) f
    """  # noqa: S608 constants
)


def _with_items(found: TextClause) -> Select[Any]:
    places = found.columns(
        column("index", Integer), column("reason", Integer), column("media_item_id", Uuid)
    ).subquery("places")
    theirs = exists().where(
        LibraryEntry.media_item_id == MediaItem.id,
        LibraryEntry.user_id == bindparam("user_id", type_=Uuid),
    )
    return (
        select(*rows.BASE_COLUMNS, places.c.index, places.c.reason, theirs.label("in_library"))
        .join_from(places, MediaItem, MediaItem.id == places.c.media_item_id)
        .order_by(places.c.index, places.c.reason, MediaItem.id)
    )


# Built once: to build a statement costs more than to run it.
_WITH_IDS = _with_items(_BY_IDS.bindparams(bindparam("asked", type_=Text)))
_WITH_TITLE = _with_items(_BY_TITLE.bindparams(bindparam("asked", type_=Text)))


async def with_ids(
    session: Reader, drafts: Mapping[int, Draft], user_id: UUID | None
) -> list[Match]:
    """Works with an id or address of a draft's; by index, the best reason first."""
    asked = [
        {"index": index, "reason": reason, "name": name, "value": value}
        for index, draft in drafts.items()
        for reason, name, value in _ids_of(draft)
    ]
    return await _matches(session, _WITH_IDS, asked, user_id)


async def with_title(
    session: Reader, drafts: Mapping[int, Draft], user_id: UUID | None
) -> list[Match]:
    """Works of a draft's kind, title and year; by index."""
    asked = [
        {
            "index": index,
            "media_type": draft.facts.media_type,
            "sort_key": sort_key(title_key(draft.facts.title)),
            "year": draft.facts.release_date.year,
        }
        for index, draft in drafts.items()
        if draft.facts.release_date is not None
    ]
    return await _matches(session, _WITH_TITLE, asked, user_id)


def _ids_of(draft: Draft) -> Iterable[tuple[Reason, str, str]]:
    yield Reason.SOURCE_ID, draft.key.source_name, draft.key.external_id
    if draft.facts.canonical_url is not None:
        yield Reason.CANONICAL_URL, "", draft.facts.canonical_url
    ids = strong_ids(draft.facts)
    for isbn in values_of(ids).isbns_10:
        yield Reason.ISBN, "isbn_10", isbn
    for one in ids:
        yield _REASONS[one.kind], "isbn_13", one.value


async def _matches(
    session: Reader, statement: Select[Any], asked: list[dict[str, object]], user_id: UUID | None
) -> list[Match]:
    if not asked:
        return []
    values = {"asked": orjson.dumps(asked).decode(), "user_id": user_id}
    return [
        Match(row.index, Reason(row.reason), rows.to_item(row), row.in_library)
        for row in await session.execute(statement, values)
    ]
