"""What the catalogue does with where works can be had."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from catalog.availability import repository
from catalog.availability.errors import (
    AvailabilityNotFound,
    InvalidAvailability,
    NotAContributor,
)
from catalog.availability.offers import Entry, Offer, Summary
from catalog.availability.repository import MOST_ENTRIES, Target
from catalog.media.errors import MediaItemNotFound
from common.db import Reader, Session, now


@dataclass(frozen=True, slots=True)
class Contributor:
    """Who wants to say where a work can be had."""

    user_id: UUID
    is_admin: bool


async def list_entries(session: Reader, media_item_id: UUID) -> list[Entry]:
    """One statement."""
    return (await repository.entries(session, media_item_id))[:MOST_ENTRIES]


async def summarize(
    session: Reader, media_item_ids: Sequence[UUID], stale_before: datetime
) -> list[Summary]:
    """One statement; in the order asked, each once, without those that have no entries."""
    if not media_item_ids:
        return []
    known = await repository.summaries(session, media_item_ids, stale_before)
    return [known[one] for one in dict.fromkeys(media_item_ids) if one in known]


async def put(
    session: Session, *, by: Contributor, media_item_id: UUID, offers: Sequence[Offer]
) -> list[Entry]:
    """Add or replace by provider, region and format. Answers all entries that there are now."""
    target = await _target(session, by, media_item_id)
    if offers:
        await repository.put(session, target, offers, by.user_id, now())
    entries = await repository.entries(session, target.media_item_id)
    if len(entries) > MOST_ENTRIES:
        raise InvalidAvailability({"entries": f"would be more than {MOST_ENTRIES} of one work"})
    return entries


async def remove(
    session: Session, *, by: Contributor, media_item_id: UUID, availability_id: UUID
) -> None:
    target = await _target(session, by, media_item_id)
    if not await repository.remove(session, target, availability_id):
        raise AvailabilityNotFound(availability_id)


async def _target(session: Session, by: Contributor, media_item_id: UUID) -> Target:
    target = await repository.hold_target(session, media_item_id, by.user_id)
    if target is None:
        raise MediaItemNotFound(media_item_id)
    if not (by.is_admin or target.contributed):
        raise NotAContributor(media_item_id)
    return target


async def forget_person(session: Session, user_id: UUID) -> None:
    """Entries stay, since others read them; who put them in is forgotten."""
    await repository.forget_person(session, user_id)
