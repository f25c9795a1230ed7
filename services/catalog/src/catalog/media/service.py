"""What the catalogue does with works and their sources."""

from collections.abc import Sequence
from uuid import UUID

from catalog.media import events, repository
from catalog.media.changes import Change, addition, renewal
from catalog.media.errors import MediaItemNotFound, MediaSourceNotFound
from catalog.media.items import Draft, Item, SourcedItem, SourceKey, Upserted
from catalog.media.records import item_record, source_record
from common.db import Reader, Session, now


async def get(session: Reader, media_item_id: UUID) -> SourcedItem:
    found = await repository.get(session, media_item_id)
    if found is None:
        raise MediaItemNotFound(media_item_id)
    return found


async def get_many(session: Reader, media_item_ids: Sequence[UUID]) -> list[Item]:
    """In the order asked, each once; unknown ids are left out."""
    if not media_item_ids:
        return []
    known = await repository.get_many(session, media_item_ids)
    return [known[one] for one in dict.fromkeys(media_item_ids) if one in known]


async def find_by_source(session: Reader, key: SourceKey) -> SourcedItem | None:
    return (await repository.find_by_source(session, [key])).get(key)


async def get_by_source(session: Reader, key: SourceKey) -> SourcedItem:
    # Postgres would refuse the NUL that no stored key has.
    nameless = "\x00" in key.source_name + key.external_id
    found = None if nameless else await find_by_source(session, key)
    if found is None:
        raise MediaSourceNotFound(key.source_name, key.external_id)
    return found


async def upsert_many(
    session: Session, drafts: Sequence[Draft], *, refresh: bool, tell: bool = True
) -> dict[SourceKey, Upserted]:
    """Store what sources say; what is known stays as it is unless `refresh`.

    Others are told of it if `tell`. Four statements for any number of drafts. Of two with one key
    the last counts.
    """
    by_key = {draft.key: draft for draft in drafts}
    await repository.lock_keys(session, by_key)
    known = await repository.find_by_source(session, by_key, for_change=refresh)
    at = now()
    upserted = {key: Upserted(stored, created=False) for key, stored in known.items()}
    changes = [addition(draft, at) for key, draft in by_key.items() if key not in known]
    if refresh:
        changes += [renewal(by_key[key], stored, at) for key, stored in known.items()]
    await _apply(session, changes, tell=tell)
    return upserted | {
        change.draft.key: Upserted(change.stored, change.created) for change in changes
    }


async def _apply(session: Session, changes: Sequence[Change], *, tell: bool) -> None:
    if not changes:
        return
    of_another_kind = [change.stored.item.id for change in changes if change.changes_kind]
    if of_another_kind:
        await repository.forget_kinds(session, of_another_kind)
    await repository.write(
        session,
        [item_record(change.stored.item) for change in changes if change.rewrites_item],
        [source_record(change.stored.item, change.source, change.draft) for change in changes],
        [change.draft.raw_payload for change in changes],
    )
    if not tell:
        return
    session.add_all(
        events.media_item_upserted(change.stored.item) for change in changes if change.is_news
    )
    await session.flush()


async def forget_person(session: Session, user_id: UUID) -> None:
    """Works stay, since others use them; who typed them in is forgotten."""
    await repository.forget_person(session, user_id)
