"""Every statement about works that may be there twice."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Integer,
    Text,
    Uuid,
    bindparam,
    func,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from catalog.duplicates.suspects import Suspect, Twins
from catalog.media.indexing import sort_key, title_key
from catalog.media.items import Item
from catalog.models import MediaItem
from catalog.models import Suspect as SuspectTable
from common.db import Reader, Session, new_id
from common.pages import Mark

# Of the works of one title and year so many are compared, the oldest first.
_MOST = 20
_SUSPECTS: Any = SuspectTable.__table__
_DUE = (
    select(MediaItem.id)
    .where(MediaItem.compared_version < MediaItem.version, MediaItem.merged_into.is_(None))
    .order_by(MediaItem.id)
    .limit(bindparam("most", type_=Integer))
)
_COMPARED = text(
    """
    update catalog.media_items m set compared_version = c.version
    from unnest(:ids, :versions) as c(id, version) where m.id = c.id
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("versions", type_=ARRAY(BigInteger)))
_OF_TITLE = text(
    f"""
    select a.id, f.media_item_id
    from json_to_recordset(cast(:asked as json)) as a(
      id uuid, media_type text, sort_key text, year int)
    cross join lateral (
      select q.media_item_id from catalog.item_search q
      join catalog.media_items m on m.id = q.media_item_id
      where q.sort_key = a.sort_key and q.media_item_id <> a.id
        and m.media_type = a.media_type
        and m.release_date >= make_date(a.year, 1, 1)
        and m.release_date <= make_date(a.year, 12, 31)
      order by q.media_item_id limit {_MOST}
    ) f
    """  # noqa: S608 constants
).bindparams(bindparam("asked", type_=Text))
_DISMISSED = text(
    """
    select s.one_id, s.other_id from unnest(:ones, :others) as asked(one_id, other_id)
    join catalog.suspects s using (one_id, other_id)
    where s.dismissed_at is not null
    """
).bindparams(*(bindparam(name, type_=ARRAY(Uuid)) for name in ("ones", "others")))
_one = aliased(MediaItem)
_other = aliased(MediaItem)
# One that was absorbed is no suspect, unless that is undone.
_LIST = (
    select(
        SuspectTable.id,
        SuspectTable.one_id,
        SuspectTable.other_id,
        SuspectTable.reason,
        SuspectTable.found_at,
    )
    .join(_one, _one.id == SuspectTable.one_id)
    .join(_other, _other.id == SuspectTable.other_id)
    .where(
        SuspectTable.dismissed_at.is_(None),
        _one.merged_into.is_(None),
        _other.merged_into.is_(None),
    )
    .order_by(SuspectTable.found_at.desc(), SuspectTable.id.desc())
)


async def due(session: Reader, most: int) -> list[UUID]:
    """Works that are new, or have changed, since they were compared."""
    return list(await session.scalars(_DUE, {"most": most}))


async def note_compared(session: Session, items: Collection[Item]) -> None:
    versions = {item.id: item.version for item in sorted(items, key=lambda item: item.id)}
    values = {"ids": list(versions), "versions": list(versions.values())}
    await session.execute(_COMPARED, values)


async def of_title(session: Reader, items: Collection[Item]) -> set[Twins]:
    """Each of these with others of its kind, title and year."""
    asked = [
        {
            "id": str(item.id),
            "media_type": item.facts.media_type,
            "sort_key": sort_key(title_key(item.facts.title)),
            "year": item.facts.release_date.year,
        }
        for item in items
        if item.facts.release_date is not None
    ]
    if not asked:
        return set()
    rows = await session.execute(_OF_TITLE, {"asked": orjson.dumps(asked).decode()})
    return {Twins.of(row.id, row.media_item_id) for row in rows}


async def dismissed(session: Reader, twins: Collection[Twins]) -> set[Twins]:
    """Those of which somebody said that they are two works after all."""
    values = {"ones": [one.one_id for one in twins], "others": [one.other_id for one in twins]}
    return {Twins(*row) for row in await session.execute(_DISMISSED, values)}


async def suspect(session: Session, found: Mapping[Twins, str], at: datetime) -> None:
    """For these reasons; those that are known, or dismissed, stay so."""
    rows = [_row(twins, reason, at) for twins, reason in sorted(found.items())]
    if rows:
        await session.execute(insert(_SUSPECTS).values(rows).on_conflict_do_nothing())


async def dismiss_twins(session: Session, twins: Twins, reason: str, at: datetime) -> None:
    row = _row(twins, reason, at) | {"dismissed_at": at}
    note = insert(_SUSPECTS).values(row)
    await session.execute(
        note.on_conflict_do_update(index_elements=["one_id", "other_id"], set_={"dismissed_at": at})
    )


async def dismiss(session: Session, suspect_id: UUID, at: datetime) -> bool:
    """False when there is none."""
    known = update(_SUSPECTS).where(_SUSPECTS.c.id == suspect_id)
    dismissed_at = func.coalesce(_SUSPECTS.c.dismissed_at, at)
    noted = known.values(dismissed_at=dismissed_at).returning(_SUSPECTS.c.id)
    return await session.scalar(noted) is not None


async def page(session: Reader, after: Mark | None, take: int) -> list[Suspect]:
    """Newest first."""
    statement = _LIST.limit(take)
    if after is not None:
        place = tuple_(SuspectTable.found_at, SuspectTable.id)
        statement = statement.where(place < tuple_(*after))
    return [
        Suspect(
            id=row.id,
            twins=Twins(row.one_id, row.other_id),
            reason=row.reason,
            found_at=row.found_at,
        )
        for row in await session.execute(statement)
    ]


def _row(twins: Twins, reason: str, at: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "one_id": twins.one_id,
        "other_id": twins.other_id,
        "reason": reason,
        "found_at": at,
    }
