"""Every statement about where works can be had."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import aliased

from catalog.availability.offers import Entry, Offer, Status, Summary, Told
from catalog.availability.summaries import to_summary
from catalog.media.drafts import MANUAL
from catalog.models import Availability, AvailabilitySummary, MediaItem, MediaSource
from common.db import Reader, Session, new_id

# Of one work.
MOST_ENTRIES = 1000

_ENTRIES: Any = Availability.__table__
_KEY = ("media_item_id", "provider", "region", "format")
_asked = aliased(MediaItem, name="asked")
# An absorbed work means its survivor.
_MEANT = func.coalesce(_asked.merged_into, _asked.id)
_LIST = (
    select(*_ENTRIES.c)
    .join(_asked, _ENTRIES.c.media_item_id == _MEANT)
    .where(_asked.id == bindparam("media_item_id"))
    .order_by(*(_ENTRIES.c[name] for name in _KEY))
    .limit(MOST_ENTRIES + 1)
)
_SUMMARIES = (
    select(_asked.id, cast(AvailabilitySummary.summary, Text).label("summary"))
    .join(AvailabilitySummary, AvailabilitySummary.media_item_id == _MEANT)
    .where(_asked.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
)
_older = aliased(MediaSource, name="older")
# Or else whoever types in what is known already would have a say in it, once the two are merged.
_WAS_FIRST = ~exists().where(
    _older.media_item_id == MediaSource.media_item_id, _older.id < MediaSource.id
)
# Held, so that it is not absorbed meanwhile.
_TARGET = (
    select(
        MediaItem.id,
        exists()
        .where(
            MediaSource.media_item_id == MediaItem.id,
            MediaSource.created_by == bindparam("user_id", type_=Uuid),
            or_(MediaSource.source_name != MANUAL, _WAS_FIRST),
        )
        .label("contributed"),
    )
    .join(_asked, MediaItem.id == _MEANT)
    .where(_asked.id == bindparam("media_item_id"))
    .with_for_update(key_share=True, of=MediaItem)
)
# One statement, since each has all entries of the work summed up.
_PUT = text(
    """
    insert into catalog.availability (
      id, media_item_id, provider, region, format, status, deeplink_url, source_name,
      contributed_by, last_checked_at, created_at, updated_at)
    select id, :media_item_id, provider, region, format, status, deeplink_url, 'manual',
      :user_id, last_checked_at, :at, :at
    from json_to_recordset(cast(:offers as json)) as o(
      id uuid, provider text, region text, format text, status text, deeplink_url text,
      last_checked_at timestamptz)
    on conflict (media_item_id, provider, region, format) do update set
      status = excluded.status, deeplink_url = excluded.deeplink_url,
      source_name = excluded.source_name, contributed_by = excluded.contributed_by,
      last_checked_at = excluded.last_checked_at, updated_at = excluded.updated_at
    """
)
# What people put in stays as it is. Of two sources with one key, the last to speak is believed.
_STORE = text(
    """
    with told as materialized (
      select * from json_to_recordset(cast(:told as json)) as t(
        media_item_id uuid, source_name text, offers json)
    ),
    offers as materialized (
      select distinct on (t.media_item_id, o.provider, o.region, o.format)
        t.media_item_id, t.source_name, o.*
      from told t, json_to_recordset(t.offers) as o(
        id uuid, provider text, region text, format text, status text, deeplink_url text,
        last_checked_at timestamptz)
    ),
    placed as (
      select *, row_number() over (
        partition by media_item_id order by provider, region, format) as place
      from offers
    ),
    gone as (
      delete from catalog.availability a using told t
      where a.media_item_id = t.media_item_id and a.source_name = t.source_name
        and not exists (
          select from offers o where o.media_item_id = a.media_item_id
            and (o.provider, o.region, o.format) = (a.provider, a.region, a.format))
    ),
    others as (
      select a.media_item_id, count(*) from catalog.availability a
      where a.media_item_id in (select media_item_id from told)
        and (a.media_item_id, a.source_name) not in (select media_item_id, source_name from told)
      group by 1
    )
    insert into catalog.availability as known (
      id, media_item_id, provider, region, format, status, deeplink_url, source_name,
      last_checked_at, created_at, updated_at)
    select p.id, p.media_item_id, p.provider, p.region, p.format, p.status, p.deeplink_url,
      p.source_name, p.last_checked_at, :at, :at
    from placed p left join others o using (media_item_id)
    where p.place <= :most - coalesce(o.count, 0)
    order by p.media_item_id, p.provider, p.region, p.format
    on conflict (media_item_id, provider, region, format) do update set
      status = excluded.status, deeplink_url = excluded.deeplink_url,
      source_name = excluded.source_name, last_checked_at = excluded.last_checked_at,
      updated_at = excluded.updated_at
    where known.source_name <> 'manual'
    """
)


class Target(NamedTuple):
    """The work that is meant, and whether the person brought it in."""

    media_item_id: UUID
    contributed: bool


async def entries(session: Reader, media_item_id: UUID) -> list[Entry]:
    """In order of provider, region and format; one more than there may be tells of too many."""
    found = await session.execute(_LIST, {"media_item_id": media_item_id})
    return [_to_entry(row) for row in found]


async def summaries(
    session: Reader, media_item_ids: Sequence[UUID], stale_before: datetime
) -> dict[UUID, Summary]:
    found = await session.execute(_SUMMARIES, {"ids": list(media_item_ids)})
    return {row.id: to_summary(row.id, row.summary, stale_before) for row in found}


async def hold_target(session: Session, media_item_id: UUID, user_id: UUID) -> Target | None:
    parameters = {"media_item_id": media_item_id, "user_id": user_id}
    row = (await session.execute(_TARGET, parameters)).one_or_none()
    return None if row is None else Target._make(row)


async def put(
    session: Session, target: Target, offers: Sequence[Offer], user_id: UUID, at: datetime
) -> None:
    parameters = {
        "media_item_id": target.media_item_id,
        "user_id": user_id,
        "offers": orjson.dumps([_offer_row(offer) for offer in offers]).decode(),
        "at": at,
    }
    await session.execute(_PUT, parameters)


async def remove(session: Session, target: Target, availability_id: UUID) -> bool:
    """Of what was put; False when there is no such entry of the work."""
    mine = delete(_ENTRIES).where(
        _ENTRIES.c.id == availability_id,
        _ENTRIES.c.media_item_id == target.media_item_id,
        _ENTRIES.c.source_name == MANUAL,
    )
    return await session.scalar(mine.returning(_ENTRIES.c.id)) is not None


async def store(session: Session, told: Sequence[Told], at: datetime) -> None:
    """Replace all that these sources said of these works: one statement, however many."""
    works = [
        {
            "media_item_id": str(one.media_item_id),
            "source_name": one.source_name,
            "offers": [_offer_row(offer) for offer in one.offers],
        }
        for one in told
    ]
    parameters = {"told": orjson.dumps(works).decode(), "at": at, "most": MOST_ENTRIES}
    await session.execute(_STORE, parameters)


async def forget_person(session: Session, user_id: UUID) -> None:
    mine = update(Availability).where(Availability.contributed_by == user_id)
    await session.execute(mine.values(contributed_by=None))


def _offer_row(offer: Offer) -> dict[str, object]:
    return {
        "id": str(new_id()),
        "provider": offer.provider,
        "region": offer.region,
        "format": offer.format,
        "status": offer.status,
        "deeplink_url": offer.deeplink_url,
        "last_checked_at": offer.last_checked_at,
    }


def _to_entry(row: Any) -> Entry:
    return Entry(
        id=row.id,
        media_item_id=row.media_item_id,
        offer=Offer(
            provider=row.provider,
            region=row.region,
            format=row.format,
            status=Status(row.status),
            deeplink_url=row.deeplink_url,
            last_checked_at=row.last_checked_at,
        ),
        source_name=row.source_name,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
