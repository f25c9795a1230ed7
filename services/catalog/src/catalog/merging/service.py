"""What the catalogue does with works that are one."""

from collections.abc import Sequence
from uuid import UUID

from catalog.duplicates import repository as duplicates
from catalog.duplicates.suspects import Twins
from catalog.media import repository as media
from catalog.media.errors import MediaItemNotFound
from catalog.media.events import media_item_upserted
from catalog.media.identity import strong_ids
from catalog.media.items import SourcedItem
from catalog.media.records import item_record
from catalog.merging import events, repository, rules
from catalog.merging.errors import CannotMerge, MergeIsFinal, MergeNotFound
from catalog.merging.merges import REVERSIBLE_FOR, Cause, Merge, Pair
from catalog.moving import repository as moving
from common.db import Reader, Session, new_id, now
from common.pages import Mark

# Of the survivor, before the merge: remembered with what was moved.
POPULARITY = "popularity"


async def merge(session: Session, pair: Pair, cause: Cause) -> Merge:
    """Raises MediaItemNotFound, CannotMerge; WorksBusy, after which it may be tried again.

    A fixed number of statements, however much there is to move.
    """
    if pair.survivor_id == pair.absorbed_id:
        raise CannotMerge("they are one and the same")
    with repository.giving_way():
        survivor, absorbed = await _hold(session, pair)
        return await _join(session, survivor, absorbed, cause)


async def _hold(session: Session, pair: Pair) -> tuple[SourcedItem, SourcedItem]:
    """Both as they are, once nobody else can change them."""
    await _lock(session, pair)
    merged_into = await repository.hold(session, pair)
    for media_item_id in (pair.survivor_id, pair.absorbed_id):
        if media_item_id not in merged_into:
            raise MediaItemNotFound(media_item_id)
        if merged_into[media_item_id] is not None:
            raise CannotMerge("one of them is merged into another already")
    survivor = await _read(session, pair.survivor_id)
    absorbed = await _read(session, pair.absorbed_id)
    kinds = (survivor.item.facts.media_type, absorbed.item.facts.media_type)
    if kinds[0] is not kinds[1]:
        raise CannotMerge(f"one is a {kinds[0]}, the other a {kinds[1]}")
    return survivor, absorbed


async def _lock(session: Session, pair: Pair) -> None:
    """In the order of upserts: who refreshes a source of theirs does so before or after."""
    await repository.be_impatient(session)
    works = [await _read(session, one) for one in (pair.survivor_id, pair.absorbed_id)]
    keys = [key for work in works for key in work.keys]
    await media.lock(session, keys, [one for w in works for one in strong_ids(w.item.facts)])


async def _read(session: Session, media_item_id: UUID) -> SourcedItem:
    found = await media.get(session, media_item_id, None)
    if found is None:
        raise MediaItemNotFound(media_item_id)
    return found


async def _join(
    session: Session, survivor: SourcedItem, absorbed: SourcedItem, cause: Cause
) -> Merge:
    pair = Pair(survivor.item.id, absorbed.item.id)
    at = now()
    moved = await moving.move(session, absorbed_id=pair.absorbed_id, survivor_id=pair.survivor_id)
    after = rules.joined(survivor, absorbed, at)
    await _write(session, after)
    if absorbed.overrides:
        await _write(session, rules.uncovered(absorbed))
    await repository.bury(session, pair)
    done = Merge(
        id=new_id(),
        pair=pair,
        survivor_title=after.item.facts.title,
        absorbed_title=absorbed.item.facts.title,
        cause=cause,
        merged_at=at,
        undone_at=None,
        is_remembered=True,
    )
    await repository.add(session, done, {**moved, POPULARITY: survivor.item.popularity})
    session.add(events.media_item_merged(done.id, after.item, pair.absorbed_id))
    await session.flush()
    return done


async def _write(session: Session, work: SourcedItem) -> None:
    await media.write(session, [item_record(work)], [], [])
    if work.overrides:
        await media.note_replaced(session, work.item.id, work.overrides)


async def undo(session: Session, merge_id: UUID) -> Merge:
    """Raises MergeNotFound, MergeIsFinal; WorksBusy, after which it may be tried again.

    One that was undone before stays so. The two are not merged by themselves again.
    """
    found = await _get(session, merge_id)
    if found.undone_at is not None:
        return found
    if not found.is_reversible(now()):
        raise MergeIsFinal(merge_id, f"that can be done for {REVERSIBLE_FOR.days} days")
    with repository.giving_way():
        await _part(session, found)
    return await _get(session, merge_id)


async def _part(session: Session, found: Merge) -> None:
    pair = found.pair
    await _lock(session, pair)
    merged_into = await repository.hold(session, pair)
    if merged_into.get(pair.survivor_id) is not None:
        raise MergeIsFinal(found.id, "the survivor has been merged into another since")
    at = now()
    moved = await repository.take_moved(session, found.id, at)
    if moved is None:
        return  # somebody else was faster
    before = await _read(session, pair.survivor_id)
    await moving.move_back(
        session, moved, absorbed_id=pair.absorbed_id, survivor_id=pair.survivor_id
    )
    await repository.unbury(session, pair)
    survivor = await _read(session, pair.survivor_id)
    survivor = rules.parted(before, survivor, float(str(moved[POPULARITY])), at)
    absorbed = rules.restored(await _read(session, pair.absorbed_id), at)
    for work in (survivor, absorbed):
        await _write(session, work)
    await duplicates.dismiss_twins(
        session, Twins.of(pair.survivor_id, pair.absorbed_id), found.cause.reason, at
    )
    session.add(events.media_item_merge_undone(found.id, pair.survivor_id, absorbed.item))
    if survivor.item.version > before.item.version:
        session.add(media_item_upserted(survivor.item))
    await session.flush()


async def _get(session: Reader, merge_id: UUID) -> Merge:
    found = await repository.get(session, merge_id)
    if found is None:
        raise MergeNotFound(merge_id)
    return found


async def page(session: Reader, after: Mark | None, take: int) -> Sequence[Merge]:
    """Newest first; one more than asked for tells that more follow."""
    return await repository.page(session, after, take + 1)


async def make_final(session: Session, limit: int) -> int:
    """Forget what it takes to undo old merges; see common.sweeps.Batch."""
    return await repository.make_final(session, now() - REVERSIBLE_FOR, limit)


async def forget_person(session: Session, user_id: UUID) -> None:
    await repository.forget_person(session, user_id)
