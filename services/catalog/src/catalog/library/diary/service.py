"""What one does in a diary."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from catalog.library import repository as states
from catalog.library import rules
from catalog.library.changes import What
from catalog.library.diary import repository
from catalog.library.diary.repository import Following, Move
from catalog.library.errors import LogNotFound
from catalog.library.logs import Edit, Entry, Log, LogFilter, LogPage, LogType, Saying, Slice
from catalog.library.states import NO_OPINION, Basis, Standing, State
from common import pages
from common.db import Reader, Session, new_id, now
from common.pages import Mark

USUAL_LOGS, MOST_LOGS = 50, 200


async def create(session: Session, *, user_id: UUID, media_item_id: UUID, entry: Entry) -> Log:
    """Three statements, two for a note."""
    item = await repository.hold_work(session, media_item_id)
    at = now()
    log = Log(
        id=new_id(),
        user_id=user_id,
        media_item_id=item.id,
        item=item,
        entry=entry,
        said_at=at,
        created_at=at,
        updated_at=at,
    )
    await repository.write(session, What.WRITTEN, log, await _move(session, None, log))
    return log


async def update(session: Session, *, user_id: UUID, log_id: UUID, edit: Edit) -> Log:
    """Two statements, four when the state may follow."""
    was = await _lock(session, user_id, log_id)
    entry, at = edit.of(was.entry), now()
    if entry == was.entry:
        return was
    is_said_anew = entry.log_type is not was.entry.log_type
    log = replace(was, entry=entry, said_at=at if is_said_anew else was.said_at, updated_at=at)
    move = None
    if entry.saying != was.entry.saying:
        move = await _move(session, was, log)
    await repository.write(session, What.CHANGED, log, move)
    return log


async def delete(session: Session, *, user_id: UUID, log_id: UUID) -> None:
    """Four statements, two for a note."""
    was = await _lock(session, user_id, log_id)
    await repository.write(session, What.DELETED, was, await _move(session, was, None))


async def _lock(session: Session, user_id: UUID, log_id: UUID) -> Log:
    for _ in range(2):
        log = await repository.lock_log(session, user_id, log_id)
        if log is not None:
            return log
    raise LogNotFound(log_id)


async def _move(session: Session, was: Log | None, becomes: Log | None) -> Move | None:
    """How the state follows once the one entry has become the other; it is held from here on."""
    log = becomes or was
    if log is None or {_log_type(was), _log_type(becomes)} <= {None, LogType.NOTE}:
        return None
    new = _new_state(becomes) if becomes else None
    if new is None:
        held = await states.lock_state(session, log.user_id, log.media_item_id)
    else:
        held = await states.hold_state(session, new)
    if held.state is None:
        return None
    if not held.was_there:
        return Move(Following.MADE, held.state)
    after = await _standing(session, held.state, was, becomes)
    if after == held.state.standing:
        return None
    if after is not None:
        moved = replace(held.state, standing=after, updated_at=now())
        return Move(Following.MOVED, moved)
    return Move(Following.GONE, held.state) if held.state.opinion == NO_OPINION else None


def _log_type(log: Log | None) -> LogType | None:
    return log.entry.log_type if log else None


def _new_state(log: Log) -> State | None:
    """What an entry makes of nothing, if that was said only now."""
    standing = rules.follow([log.entry.saying], None)
    if standing is None or log.said_at != log.updated_at:
        return None
    return State(
        id=new_id(),
        user_id=log.user_id,
        media_item_id=log.media_item_id,
        standing=standing,
        opinion=NO_OPINION,
        basis=Basis(None, log.said_at),
        updated_at=log.updated_at,
    )


async def _standing(
    session: Session, state: State, was: Log | None, becomes: Log | None
) -> Standing | None:
    if was is None:
        said = [becomes.entry.saying] if becomes else []
        return rules.follow(said, state.standing)
    since = state.basis.at if state.basis else None
    return rules.follow_edit(
        await repository.others_since(session, was, since),
        was=_said(was, since),
        becomes=_said(becomes, since),
        basis=state.basis.standing if state.basis else None,
        present=state.standing,
    )


def _said(log: Log | None, since: datetime | None) -> Saying | None:
    """What the entry says, unless the person was set elsewhere after that."""
    if log is None or (since is not None and log.said_at < since):
        return None
    return log.entry.saying


async def list_logs(
    session: Reader,
    *,
    user_id: UUID,
    wanted: LogFilter,
    after: Mark | None,
    page_size: int,
    offset: int,
) -> LogPage:
    """Newest first, in one statement. `after` wins over `offset`."""
    take = pages.page_size(page_size, usual=USUAL_LOGS, largest=MOST_LOGS)
    part = Slice(take, after, pages.offset(offset))
    return await repository.page_of_logs(session, user_id, wanted, part)
