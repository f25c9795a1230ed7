"""What the catalogue does about works that are there twice."""

from collections.abc import Collection, Mapping
from itertools import combinations
from uuid import UUID

from catalog.duplicates import repository, rules
from catalog.duplicates.errors import SuspectNotFound
from catalog.duplicates.suspects import Shown, Twins
from catalog.media import repository as media
from catalog.media.errors import MediaItemNotFound
from catalog.media.identity import StrongId, strong_ids
from catalog.media.items import Item
from catalog.merging import service as merging
from catalog.merging.errors import CannotMerge, WorksBusy
from catalog.merging.merges import Cause
from common.db import Reader, Session, now
from common.pages import Mark

# Of the works with one id so many are compared with each other, the oldest first.
MOST_OF_ONE_ID = 20


async def compare(session: Session, limit: int) -> int:
    """Merge what is surely one work, suspect what looks like one; see common.sweeps.Batch."""
    due = await repository.due(session, limit)
    if not due:
        return 0
    works = await media.get_many(session, due)
    twins = await _with_common_id(session, works)
    twins |= await repository.of_title(session, works.values())
    others = {one for pair in twins for one in (pair.one_id, pair.other_id)} - works.keys()
    known = works | await media.get_many(session, list(others))
    busy = await _judge(session, twins, known)
    await repository.note_compared(
        session, [work for work in works.values() if work.id not in busy]
    )
    return len(due)


async def _with_common_id(session: Reader, works: Mapping[UUID, Item]) -> set[Twins]:
    ids = {one for work in works.values() for one in strong_ids(work.facts)}
    named: dict[StrongId, list[UUID]] = {one: [] for one in ids}
    for other in (await media.find(session, [], ids)).values():
        for one in ids.intersection(strong_ids(other.item.facts)):
            named[one].append(other.item.id)
    return {
        Twins.of(*pair)
        for having in named.values()
        for pair in combinations(having[:MOST_OF_ONE_ID], 2)
        if not works.keys().isdisjoint(pair)
    }


async def _judge(
    session: Session, twins: Collection[Twins], known: Mapping[UUID, Item]
) -> set[UUID]:
    """The works that others were writing to: they are compared later."""
    suspects: dict[Twins, str] = {}
    busy: set[UUID] = set()
    for pair in sorted(set(twins) - await repository.dismissed(session, twins)):
        if pair.one_id not in known or pair.other_id not in known:
            continue  # gone since
        likeness = rules.likeness(known[pair.one_id].facts, known[pair.other_id].facts)
        if likeness is None:
            continue
        if not likeness.is_sure:
            suspects[pair] = likeness.reason
        elif not await _merge(session, pair, likeness.reason):
            busy |= {pair.one_id, pair.other_id}
    await repository.suspect(session, suspects, now())
    return busy


async def _merge(session: Session, twins: Twins, reason: str) -> bool:
    """False when it has to be tried again."""
    one = await media.get(session, twins.one_id, None)
    other = await media.get(session, twins.other_id, None)
    if one is None or other is None:
        return True
    try:
        async with session.begin_nested():
            await merging.merge(session, rules.pair(one, other), Cause(reason))
    except WorksBusy:
        return False
    except (CannotMerge, MediaItemNotFound):
        return True  # one of them was merged a moment ago
    return True


async def page(session: Reader, after: Mark | None, take: int) -> list[Shown]:
    """Newest first; one more than asked for tells that more follow. Two statements."""
    found = await repository.page(session, after, take + 1)
    works = await media.get_many(
        session,
        [one for suspect in found for one in (suspect.twins.one_id, suspect.twins.other_id)],
    )
    return [
        Shown(suspect, works[suspect.twins.one_id], works[suspect.twins.other_id])
        for suspect in found
        if suspect.twins.one_id in works and suspect.twins.other_id in works
    ]


async def dismiss(session: Session, suspect_id: UUID) -> None:
    if not await repository.dismiss(session, suspect_id, now()):
        raise SuspectNotFound(suspect_id)
