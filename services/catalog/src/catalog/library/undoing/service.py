"""Taking back."""

from uuid import UUID

from catalog.library import repository as states
from catalog.library.changes import KEPT, Change, Undone, What
from catalog.library.errors import ChangedSince, NothingToUndo
from catalog.library.undoing import repository
from common.db import Session, now

_WORDS = {
    What.SET: "the state of {}",
    What.CLEARED: "the removal of the state of {}",
    What.WRITTEN: "the new entry about {}",
    What.CHANGED: "the change of an entry about {}",
    What.DELETED: "the removal of an entry about {}",
}


async def undo_last_change(session: Session, user_id: UUID) -> Undone:
    """Six statements at most. Parallel calls take back one after the other."""
    await repository.take_turn(session, user_id)
    change = await _take_last(session, user_id)
    await repository.hold_rows(session, user_id, change)
    if not await _restore(session, change):
        raise ChangedSince(change.media_item_id, change.title)
    state = await states.find_state(session, user_id, change.media_item_id)
    return Undone(_WORDS[change.what].format(change.title), change.media_item_id, state)


async def _take_last(session: Session, user_id: UUID) -> Change:
    for _ in range(2):
        change = await repository.take_last(session, user_id, now() - KEPT)
        if change is not None:
            return change
    raise NothingToUndo


async def _restore(session: Session, change: Change) -> bool:
    if not await repository.restore_log(session, change.log):
        return False
    return await repository.restore_state(session, change.state)
