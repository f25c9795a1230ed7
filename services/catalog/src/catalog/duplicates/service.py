"""What the catalogue does about works that are there twice."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from catalog.duplicates import repository, rules
from catalog.duplicates.errors import SuspectNotFound
from catalog.duplicates.suspects import Likeness, Shown, Twins
from catalog.media import repository as media
from catalog.media.errors import MediaItemNotFound
from catalog.merging import service as merging
from catalog.merging.errors import CannotMerge, WorksBusy
from catalog.merging.merges import Cause, Pair
from common.db import Reader, Session, now
from common.pages import Mark
from common.sweeps import Portion

# What is merged is held until the commit: so many take a few hundred milliseconds.
MOST_MERGES = 20


async def compare(session: Session, limit: int) -> int | Portion:
    """Merge what is surely one work, suspect what looks like one; see common.sweeps.Batch.

    Most works have no id and no title in common with another: these are not even read.
    """
    due = await repository.due(session, limit)
    if not due:
        return 0
    twins = await repository.of_one_id(session, due)
    twins |= await repository.of_one_title(session, due)
    alike = await _alike(session, twins) if twins else {}
    sure = sorted((pair, found.reason) for pair, found in alike.items() if found.is_sure)
    later, has_more = await _merge_all(session, sure)
    suspects = {pair: found.reason for pair, found in alike.items() if not found.is_sure}
    if suspects:
        await repository.suspect(session, suspects, now())
    compared = [work for work in due if work.id not in later]
    await repository.note_compared(session, compared)
    return Portion(len(compared), has_more=True) if has_more else len(due)


async def _alike(session: Reader, twins: Collection[Twins]) -> dict[Twins, Likeness]:
    """Without those that were dismissed."""
    ids = {one for pair in twins for one in (pair.one_id, pair.other_id)}
    works = await media.get_many(session, list(ids))
    traits = {media_item_id: rules.traits(work.facts) for media_item_id, work in works.items()}
    alike = {
        pair: likeness
        for pair in twins
        if pair.one_id in traits and pair.other_id in traits  # else gone since
        if (likeness := rules.likeness(traits[pair.one_id], traits[pair.other_id]))
    }
    if alike:
        for pair in await repository.dismissed(session, alike):
            del alike[pair]
    return alike


async def _merge_all(session: Session, sure: Sequence[tuple[Twins, str]]) -> tuple[set[UUID], bool]:
    """The works to compare later: others were writing to them, or, as the second value says, there
    was more to merge than may be at once."""
    survivors: dict[UUID, UUID] = {}
    later: set[UUID] = set()
    for place, (twins, reason) in enumerate(sure):
        if len(survivors) == MOST_MERGES:
            left = (pair for pair, _ in sure[place:])
            return later.union(*((pair.one_id, pair.other_id) for pair in left)), True
        one_id, other_id = _standing(twins.one_id, survivors), _standing(twins.other_id, survivors)
        if one_id == other_id:
            continue
        try:
            merged = await _merge(session, Twins.of(one_id, other_id), reason)
        except WorksBusy:
            later |= {twins.one_id, twins.other_id}
            continue
        if merged is not None:
            survivors[merged.absorbed_id] = merged.survivor_id
    return later, False


def _standing(media_item_id: UUID, survivors: Mapping[UUID, UUID]) -> UUID:
    while media_item_id in survivors:
        media_item_id = survivors[media_item_id]
    return media_item_id


async def _merge(session: Session, twins: Twins, reason: str) -> Pair | None:
    """None when there is nothing to merge any more. Raises WorksBusy."""
    one = await media.get(session, twins.one_id, None)
    other = await media.get(session, twins.other_id, None)
    if one is None or other is None:
        return None
    pair = rules.pair(one, other)
    try:
        async with session.begin_nested():
            await merging.merge(session, pair, Cause(reason))
    except (CannotMerge, MediaItemNotFound):
        return None  # one of them was merged a moment ago
    return pair


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
