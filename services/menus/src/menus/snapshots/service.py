"""Keeping a copy of each work that menus show."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from common.db import Database, Session
from menus import repository as menus
from menus.clients import CatalogClient
from menus.documents import service as documents
from menus.errors import MediaItemNotFound
from menus.events import documents_outdated
from menus.snapshots import repository
from menus.tree import Snapshot, Work

# Menus whose documents are rebuilt in one transaction.
BATCH = 25


async def fetch_new(
    database: Database, catalog: CatalogClient, media_item_ids: Iterable[UUID]
) -> list[Work]:
    """Ask the catalogue, once and outside any transaction, for the works not known here yet."""
    wanted = list(dict.fromkeys(media_item_ids))
    if not wanted:
        return []
    async with database.readers() as session:
        known = await repository.known_ids(session, wanted)
    return await catalog.get_works([wish for wish in wanted if wish not in known])


async def hold(
    session: Session, media_item_ids: Iterable[UUID], new: Sequence[Work]
) -> dict[UUID, Snapshot]:
    """The snapshots of all these works, unchanging until the end of the transaction; of one that
    was merged that of the work it means now.

    Called before the menu is locked: a refresh takes its locks in the same order.
    """
    wanted = set(media_item_ids)
    if not wanted:
        return {}
    if new:
        await repository.insert_new(session, new)
    held = await repository.hold(session, sorted(wanted))
    if wanted - held.keys():
        # One was merged a moment ago, while it was waited for.
        held |= await repository.hold(session, sorted(wanted - held.keys()))
    for missing in wanted - held.keys():
        raise MediaItemNotFound(media_item_id=missing)
    return held


async def refresh(session: Session, work: Work, version: int) -> None:
    """Take over a newer state of a work that menus show, and rebuild what shows it."""
    if await repository.refresh(session, work, version):
        await rebuild_documents(session, work.snapshot.media_item_id, after=None)


async def rebuild_documents(session: Session, media_item_id: UUID, after: UUID | None) -> None:
    """One batch; when there is more, an event to ourselves asks for the next."""
    menu_ids = await repository.menus_showing(session, media_item_id, after, BATCH)
    if not menu_ids:
        return
    await documents.rebuild(session, await menus.lock_menus(session, menu_ids))
    if len(menu_ids) == BATCH:
        session.add(documents_outdated(media_item_id, menu_ids[-1]))
