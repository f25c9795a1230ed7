"""What the catalogue does with works and their sources."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from catalog.availability import repository as availability
from catalog.availability.offers import Told
from catalog.media import events, repository
from catalog.media.changes import Change, addition, attachment, renewal
from catalog.media.drafts import MANUAL
from catalog.media.errors import MediaItemNotFound, MediaSourceNotFound
from catalog.media.identity import StrongId, are_one, is_typed_in, strong_ids
from catalog.media.items import Draft, Item, SourcedItem, SourceKey, Upserted
from catalog.media.records import item_record, source_record
from catalog.placements import repository as placements
from catalog.placements.menus import Appearances
from common.db import Reader, Session, now

MOST_APPEARANCES = 20


async def get(session: Reader, media_item_id: UUID, reader_id: UUID | None = None) -> SourcedItem:
    """With the overrides of that person."""
    found = await repository.get(session, media_item_id, reader_id)
    if found is None:
        raise MediaItemNotFound(media_item_id)
    return found


async def appearances(session: Reader, media_item_id: UUID) -> Appearances:
    return await placements.appearances(session, media_item_id, MOST_APPEARANCES)


async def get_many(session: Reader, media_item_ids: Sequence[UUID]) -> list[tuple[UUID, Item]]:
    """In the order asked, each id once and what it stands for; unknown ids are left out."""
    if not media_item_ids:
        return []
    known = await repository.get_many(session, media_item_ids)
    return [(one, known[one]) for one in dict.fromkeys(media_item_ids) if one in known]


async def find_by_source(session: Reader, key: SourceKey) -> SourcedItem | None:
    return await repository.find_by_source(session, key)


async def get_by_source(session: Reader, key: SourceKey) -> SourcedItem:
    # Postgres would refuse the NUL that no stored key has.
    nameless = "\x00" in key.source_name + key.external_id
    found = None if nameless else await find_by_source(session, key)
    if found is None:
        raise MediaSourceNotFound(key.source_name, key.external_id)
    return found


async def upsert_many(
    session: Session, drafts: Sequence[Draft], *, refresh: bool
) -> dict[SourceKey, Upserted]:
    """Store what sources say; what is known stays as it is unless `refresh`.

    What is new and has the ISBN, IMDb id or MusicBrainz id of a known work becomes a further source
    of that, unless people typed in the one or the other. Others are told.

    Four statements for any number of drafts, one more to refresh, two more when such works are
    found, one more when sources say where works can be had. Of two with one key the last counts.
    """
    by_key = {draft.key: draft for draft in drafts}
    ids = {one for draft in drafts for one in _further_ids(draft)}
    await repository.lock(session, by_key, ids)
    known = await _find(session, by_key, ids, refresh=refresh)
    work_of = _works_of(by_key, known)
    changes: list[Change] = []
    for key, draft in by_key.items():
        stored = known.get(work_of[key]) if key in work_of else None
        if stored is None:
            changes.append(addition(draft, now()))
        elif key not in stored.keys:
            changes.append(attachment(draft, stored, now()))
        elif refresh:
            changes.append(renewal(draft, stored, now()))
        else:
            continue
        change = changes[-1]
        work_of[key] = change.stored.item.id
        known[work_of[key]] = change.stored
    await _apply(session, changes, known)
    created = {change.draft.key for change in changes if change.created}
    return {key: Upserted(known[work_of[key]], key in created) for key in by_key}


async def _find(
    session: Session, by_key: Mapping[SourceKey, Draft], ids: Collection[StrongId], *, refresh: bool
) -> dict[UUID, SourcedItem]:
    """The works that these may be, held until the commit if any of them is going to change."""
    if not refresh:
        found = await repository.find(session, by_key, ids)
        work_of = _works_of(by_key, found)
        if all(key in found[work_of[key]].keys for key in work_of):
            return found
    await repository.hold(session, by_key, ids)
    return await repository.find(session, by_key, ids)


def _works_of(
    by_key: Mapping[SourceKey, Draft], known: Mapping[UUID, SourcedItem]
) -> dict[SourceKey, UUID]:
    """Of each draft the work that has its source, else one that it describes as well."""
    having = {key: stored for stored in known.values() for key in stored.keys}
    named: dict[StrongId, list[SourcedItem]] = {}
    for stored in known.values():
        for one in () if is_typed_in(stored) else strong_ids(stored.item.facts):
            named.setdefault(one, []).append(stored)
    found = {}
    for key, draft in by_key.items():
        like = (
            stored
            for one in _further_ids(draft)
            for stored in named.get(one, ())
            if are_one(draft.facts, stored.item.facts)
        )
        work = having.get(key) or next(like, None)
        if work is not None:
            found[key] = work.item.id
    return found


def _further_ids(draft: Draft) -> tuple[StrongId, ...]:
    """By which it may turn out to be a known work; what a person types in is a work of its own."""
    return () if draft.key.source_name == MANUAL else strong_ids(draft.facts)


async def _apply(
    session: Session, changes: Sequence[Change], after: Mapping[UUID, SourcedItem]
) -> None:
    """A work that several sources change is written, and told of, as it is after the last."""
    if not changes:
        return
    of_another_kind = {change.stored.item.id for change in changes if change.changes_kind}
    if of_another_kind:
        await repository.forget_kinds(session, list(of_another_kind))
    rewritten = {change.stored.item.id for change in changes if change.rewrites_item}
    await repository.write(
        session,
        [item_record(after[one]) for one in rewritten],
        [source_record(change.stored.item, change.source, change.draft) for change in changes],
        [change.draft.raw_payload for change in changes],
    )
    await _store_availability(session, changes)
    for one in {change.stored.item.id for change in changes if change.replaces}:
        await repository.note_replaced(session, one, after[one].overrides)
    news = dict.fromkeys(change.stored.item.id for change in changes if change.is_news)
    session.add_all(events.media_item_upserted(after[one].item) for one in news)
    await session.flush()


async def _store_availability(session: Session, changes: Sequence[Change]) -> None:
    told = [
        Told(
            media_item_id=change.stored.item.id,
            source_name=change.draft.key.source_name,
            offers=change.draft.availability,
        )
        for change in changes
        if change.draft.availability is not None
    ]
    if told:
        await availability.store(session, told, now())


async def forget_person(session: Session, user_id: UUID) -> None:
    """Works stay, since others use them; who typed them in is forgotten."""
    await repository.forget_person(session, user_id)
