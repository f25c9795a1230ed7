"""What people say of works instead of their sources."""

from dataclasses import dataclass
from uuid import UUID

from catalog.media import events
from catalog.media import repository as media
from catalog.media.errors import MediaItemNotFound
from catalog.media.items import SourcedItem
from catalog.media.records import item_record
from catalog.overrides import repository, rules
from catalog.overrides.repository import Setting
from catalog.overrides.rules import Values
from common.db import Session, now
from common.identity import AdminRequired, Caller


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants a work to say."""

    media_item_id: UUID
    values: Values
    for_everybody: bool


async def override(session: Session, wish: Wish, caller: Caller) -> SourcedItem:
    """The work as the caller sees it then. Raises InvalidMedia, MediaItemNotFound, AdminRequired.

    Four statements for the caller alone, up to six for everybody.
    """
    if wish.for_everybody and not caller.is_admin:
        raise AdminRequired("what everybody sees")
    values = rules.fit(wish.values)
    held = await media.hold_one(session, wish.media_item_id)
    if held is None:
        raise MediaItemNotFound(wish.media_item_id)
    if wish.for_everybody:
        await _set_for_everybody(session, held, values, caller.user_id)
    else:
        at = now()
        setting = Setting(held, values, caller.user_id, caller.user_id, at)
        await repository.replace(session, setting, rules.set_by(caller.user_id, values, at))
    after = await media.get(session, held, caller.user_id)
    if after is None:
        raise MediaItemNotFound(wish.media_item_id)
    return after


async def _set_for_everybody(
    session: Session, media_item_id: UUID, values: Values, user_id: UUID
) -> None:
    before = await media.get(session, media_item_id, None)
    if before is None:
        raise MediaItemNotFound(media_item_id)
    at = now()
    after = rules.for_everybody(before, values, at)
    new = [one for one in after.overrides if one.field in values]
    await repository.replace(session, Setting(media_item_id, values, None, user_id, at), new)
    if after.item.version > before.item.version:
        await media.write(session, [item_record(after)], [], [])
        session.add(events.media_item_upserted(after.item))
        await session.flush()


async def forget_person(session: Session, user_id: UUID) -> None:
    await repository.forget_person(session, user_id)
