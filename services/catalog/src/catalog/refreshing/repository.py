"""The statement that hands out what is to be fetched again."""

from datetime import datetime, timedelta

from sqlalchemy import DateTime, Integer, Text, bindparam, text

from catalog.refreshing.due import Due
from common.db import Session

# The condition is looked at again once a row is held: somebody else may just have claimed it.
_CLAIM = text(
    """
    with by_age as (
      select id, fetched_at from catalog.media_sources
      where source_name = :source_name and fetched_at < :before
        and coalesce(refresh_claimed_at, '-infinity') < :claimed_before
      order by fetched_at limit :most
    ),
    used as (
      select media_item_id from catalog.library_entries where :used_before is not null
      union
      select media_item_id from catalog.menu_placements where :used_before is not null
    ),
    by_use as (
      select s.id, s.fetched_at from used join catalog.media_sources s using (media_item_id)
      where s.source_name = :source_name and s.fetched_at < :used_before
        and coalesce(s.refresh_claimed_at, '-infinity') < :claimed_before
      order by s.fetched_at limit :most
    ),
    due as (
      select id from (select * from by_age union select * from by_use) both_of_them
      order by fetched_at limit :most
    ),
    held as (
      select id from catalog.media_sources
      where id in (select id from due)
        and coalesce(refresh_claimed_at, '-infinity') < :claimed_before
      order by id for update skip locked
    )
    update catalog.media_sources s set refresh_claimed_at = :now
    from held where s.id = held.id
    returning s.external_id, s.fetched_at
    """
).bindparams(
    bindparam("source_name", type_=Text),
    bindparam("most", type_=Integer),
    *(
        bindparam(name, type_=DateTime(timezone=True))
        for name in ("before", "used_before", "claimed_before", "now")
    ),
)


async def claim(session: Session, due: Due, at: datetime, claimed_for: timedelta) -> list[str]:
    """The ids at the source, longest ago first."""
    rows = await session.execute(
        _CLAIM,
        {
            "source_name": due.source_name,
            "before": due.before,
            "used_before": due.used_before,
            "claimed_before": at - claimed_for,
            "now": at,
            "most": due.limit,
        },
    )
    return [row.external_id for row in sorted(rows, key=lambda row: row.fetched_at)]
