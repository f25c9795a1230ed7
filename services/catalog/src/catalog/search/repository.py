"""The statement that searches."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Integer, Text, Uuid, bindparam, column, func, select, true

from catalog.media import rows
from catalog.media.items import Item, MediaType
from catalog.models import MediaItem
from common.db import Reader


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of hits, best first, and how many there are in all (counted up to 10 000)."""

    items: Sequence[Item]
    total: int


_found = (
    func.catalog.search_media(
        bindparam("query", type_=Text),
        bindparam("title_key", type_=Text),
        bindparam("media_types", type_=ARRAY(Text)),
        bindparam("skip", type_=Integer),
        bindparam("take", type_=Integer),
    )
    .table_valued(column("ids", ARRAY(Uuid)), column("total", Integer), name="found")
    .alias("found")
)
_hits = (
    func.unnest(_found.c.ids)
    .table_valued(column("id", Uuid), with_ordinality="place", name="hits")
    .render_derived()
    .lateral()
)
# Joined from the left: a page past the end still has its total.
_SEARCH = (
    select(_found.c.total, *rows.BASE_COLUMNS)
    .select_from(_found)
    .outerjoin(_hits, true())
    .outerjoin(MediaItem, MediaItem.id == _hits.c.id)
    .order_by(_hits.c.place)
)


async def search(
    session: Reader,
    *,
    query: str,
    title_key: str,
    media_types: Sequence[MediaType],
    skip: int,
    take: int,
) -> Hits:
    """No media types means all. The search itself is catalog.search_media, a function."""
    found = await session.execute(
        _SEARCH,
        {
            "query": query,
            "title_key": title_key,
            "media_types": list(media_types),
            "skip": skip,
            "take": take,
        },
    )
    hits = found.all()
    return Hits([rows.to_item(row) for row in hits if row.id is not None], hits[0].total)
