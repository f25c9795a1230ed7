"""Every statement that changes overrides."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Text, Uuid, bindparam, delete, text, update

from catalog.media.items import Override
from catalog.models import Override as OverrideTable
from common.db import Session, new_id

_REPLACE = text(
    """
    with gone as (
      delete from catalog.overrides
      where media_item_id = :media_item_id and user_id is not distinct from :user_id
        and field = any(:changed) and field <> all(:fields)
    )
    insert into catalog.overrides (
      id, media_item_id, field, user_id, value, replaced, set_by, set_at)
    select s.id, :media_item_id, s.field, :user_id, s.value, s.replaced, :set_by, :set_at
    from unnest(:ids, :fields, :texts, :replaced) as s(id, field, value, replaced)
    on conflict (media_item_id, field, user_id) do update set
      value = excluded.value, replaced = excluded.replaced, set_by = excluded.set_by,
      set_at = excluded.set_at
    """
).bindparams(
    *(bindparam(name, type_=Uuid) for name in ("media_item_id", "user_id", "set_by")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("changed", "fields", "texts", "replaced")),
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("set_at", type_=DateTime(timezone=True)),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """Who sets what for whom: without `user_id` for everybody."""

    media_item_id: UUID
    changed: Collection[str]
    user_id: UUID | None
    set_by: UUID
    at: datetime


async def replace(session: Session, setting: Setting, overrides: Collection[Override]) -> None:
    """Of the changed fields only these are overridden from now on."""
    await session.execute(
        _REPLACE,
        {
            "media_item_id": setting.media_item_id,
            "user_id": setting.user_id,
            "changed": list(setting.changed),
            "set_by": setting.set_by,
            "set_at": setting.at,
            "ids": [new_id() for _ in overrides],
            "fields": [one.field for one in overrides],
            "texts": [one.value for one in overrides],
            "replaced": [one.replaced for one in overrides],
        },
    )


async def forget_person(session: Session, user_id: UUID) -> None:
    """What an admin set for everybody stays."""
    await session.execute(delete(OverrideTable).where(OverrideTable.user_id == user_id))
    set_by = update(OverrideTable).where(OverrideTable.set_by == user_id)
    await session.execute(set_by.values(set_by=None))
