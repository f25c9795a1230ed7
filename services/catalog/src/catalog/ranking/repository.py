"""Statements about tiers of popularity, and about how many people have a work."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Uuid, bindparam, text

from common.db import Session

# Before all works.
FIRST = UUID(int=0)
# The rows are wide, so they are read once. A type with fewer works than the first tier holds has no
# boundary: all are in that one.
_DRAW_BOUNDARIES = text(
    """
    with numbered as materialized (
      select media_type, popularity, row_number() over (order by popularity desc) as nth,
        row_number() over (partition by media_type order by popularity desc) as nth_of_type
      from catalog.item_search
    ),
    ends(of, popularity) as (
      select 'any', popularity from numbered where nth = any(:sizes)
      union all
      select media_type, popularity from numbered where nth_of_type = any(:sizes)
    ),
    counted(of, works) as (
      select 'any', count(*) from numbered
      union all
      select media_type, count(*) from numbered group by media_type
    )
    insert into catalog.popularity_tiers (media_type, boundaries, works)
    select of,
      array(select popularity from ends where ends.of = groups.of order by popularity),
      coalesce(works, 0)
    from unnest(array['any', 'book', 'movie', 'tv', 'game', 'music']) as groups(of)
    left join counted using (of)
    on conflict (media_type) do update set
      boundaries = excluded.boundaries, works = excluded.works
    """
).bindparams(bindparam("sizes", type_=ARRAY(Integer)))
_PARTS = text(
    """
    select media_item_id from (
      select media_item_id, row_number() over (order by media_item_id) as nth
      from catalog.item_search) numbered
    where nth % :size = 0 order by nth
    """
).bindparams(bindparam("size", type_=Integer))
# Only what has to move is held, and only what nobody else holds.
_RETAG_NEXT = text(
    """
    with looked_at as materialized (
      select s.media_item_id, s.tags, due.tags as right_tags
      from catalog.item_search s, catalog.search_tags(s.media_type, s.popularity) due
      where s.media_item_id > :after
      order by s.media_item_id limit :most
    ),
    held as materialized (
      select s.media_item_id, due.tags
      from looked_at l join catalog.item_search s using (media_item_id),
        catalog.search_tags(s.media_type, s.popularity) due
      where l.tags <> l.right_tags
      for update of s skip locked
    ),
    moved as (
      update catalog.item_search s set tags = held.tags, tier = held.tags[1]
      from held where s.media_item_id = held.media_item_id returning 1
    )
    select (select count(*) from moved) as moved, count(*) as looked_at,
      (array_agg(media_item_id order by media_item_id desc))[1] as last
    from looked_at
    """
).bindparams(bindparam("after", type_=Uuid), bindparam("most", type_=Integer))
# People who have it in their library or on a menu, each once. ln(1 + people) is a part of the
# popularity; it is written anew, with all index entries, only when it moved by a fifth.
_COUNT_HOLDERS = text(
    """
    with counted as (
      select media_item_id, count(*)::int as holders from (
        select media_item_id, user_id from catalog.library_entries
        union
        select p.media_item_id, c.owner_id from catalog.menu_placements p
        join catalog.menu_copies c using (menu_id)
        where c.owner_id is not null) people
      group by media_item_id
    ),
    due as materialized (
      select s.media_item_id, s.media_type, coalesce(counted.holders, 0) as holders,
        (s.popularity - ln(1 + s.holders) + ln(1 + coalesce(counted.holders, 0)))::real
          as popularity
      from counted
      full join (
        select media_item_id from catalog.item_search where holders > 0) known
        using (media_item_id)
      join catalog.item_search s using (media_item_id)
      where abs(ln(1 + s.holders) - ln(1 + coalesce(counted.holders, 0))) > 0.2
      order by media_item_id limit :most for update of s skip locked
    )
    update catalog.item_search s
    set holders = due.holders, popularity = due.popularity, tier = tags.tags[1], tags = tags.tags
    from due, catalog.search_tags(due.media_type, due.popularity) as tags
    where s.media_item_id = due.media_item_id
    returning s.media_item_id
    """
).bindparams(bindparam("most", type_=Integer))


class Looked(NamedTuple):
    """How many works were put into another tier, of how many, and the last one of these."""

    moved: int
    looked_at: int
    last: UUID | None


async def draw_boundaries(session: Session, sizes: Sequence[int]) -> None:
    """The tiers end with the best known `sizes` works of each type, and of all."""
    await session.execute(_DRAW_BOUNDARIES, {"sizes": list(sizes)})


async def parts(session: Session, size: int) -> list[UUID]:
    """After which works to begin, so that `retag_next` comes to each once in parts of that size."""
    return [FIRST, *await session.scalars(_PARTS, {"size": size})]


async def retag_next(session: Session, after: UUID, limit: int) -> Looked:
    row = (await session.execute(_RETAG_NEXT, {"after": after, "most": limit})).one()
    return Looked(row.moved, row.looked_at, row.last)


async def count_holders(session: Session, limit: int) -> int:
    """How many works have noticeably more or fewer than when they were counted last."""
    return len((await session.execute(_COUNT_HOLDERS, {"most": limit})).all())
