"""Following the catalogue, which merges works and takes merges back."""

from uuid import UUID

from common.db import Session
from menus import repository as menus
from menus.documents import service as documents
from menus.events import documents_outdated, items_out_of_place
from menus.merging import repository
from menus.snapshots import repository as snapshots
from menus.snapshots.service import BATCH
from menus.tree import Merge, Work

FIRST = UUID(int=0)


async def follow(session: Session, merge: Merge, survivor: Work, version: int) -> None:
    """Items of the absorbed work show the survivor from now on."""
    survivor_id = survivor.snapshot.media_item_id
    known = await repository.lock(session, merge.absorbed_id, survivor_id)
    if merge.absorbed_id in known and survivor_id not in known:
        await snapshots.insert_new(session, [survivor])
    if await snapshots.refresh(session, survivor, version):
        session.add(documents_outdated(survivor_id, FIRST))
    if await repository.note(session, merge, survivor_id):
        await put_in_place(session, merge.absorbed_id)


async def follow_back(session: Session, merge: Merge, absorbed: Work, version: int) -> None:
    """Items that showed the absorbed work before show it again."""
    await repository.lock(session, merge.absorbed_id, merge.survivor_id)
    await snapshots.refresh(session, absorbed, version)
    if await repository.note(session, merge, None):
        await put_in_place(session, merge.absorbed_id)


async def put_in_place(session: Session, media_item_id: UUID) -> None:
    """One batch; when there is more, an event to ourselves asks for the next."""
    menu_ids = await repository.menus_behind(session, media_item_id, BATCH)
    if not menu_ids:
        return
    locked = await menus.lock_menus(session, menu_ids)
    await repository.put_in_place(session, media_item_id, menu_ids)
    await documents.rebuild(session, locked)
    if len(menu_ids) == BATCH:
        session.add(items_out_of_place(media_item_id))
