"""Every menu has a finished document, rebuilt in the transaction that changes what it shows."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from common.db import Reader, Session
from common.pages import Mark
from menus import events
from menus import repository as menus
from menus.documents import repository
from menus.documents.contents import contents_of
from menus.documents.document import Document, build
from menus.documents.repository import Found, Page
from menus.drafts import OwnMenu
from menus.errors import MenuNotFound, MenuTooLarge
from menus.limits import SLUG_LENGTH, Limits
from menus.tree import Course, Menu


async def read_public(session: Reader, *, slug: str) -> Found:
    """One statement. Any text may be asked for."""
    storable = len(slug) <= SLUG_LENGTH and "\0" not in slug
    found = await repository.public_document(session, slug) if storable else None
    if found is None:
        raise MenuNotFound
    return found


async def read_own(session: Reader, *, own: OwnMenu) -> bytes:
    """One statement."""
    document = await repository.own_document(session, own.menu_id, own.owner_id)
    if document is None:
        raise MenuNotFound(menu_id=own.menu_id)
    return document


async def list_own(session: Reader, *, owner_id: UUID, page_size: int, after: Mark | None) -> Page:
    """Newest first, in one statement."""
    return await repository.page_of_documents(session, owner_id, after, page_size)


async def write(session: Session, menu: Menu, courses: Sequence[Course]) -> bytes:
    """Of a menu as it is now; says nothing of how it looks."""
    [document], _ = await _store(session, [menu], {menu.id: courses})
    return document.document


async def refresh(session: Session, menu: Menu) -> bytes:
    """After a change of anything that a menu shows. The caller has locked it."""
    [document] = await rebuild(session, [menu])
    return document.document


async def rebuild(session: Session, locked: Sequence[Menu]) -> list[Document]:
    """Of several; says so of each that is public and looks different now."""
    courses = await menus.courses_of(session, [menu.id for menu in locked])
    documents, changed = await _store(session, locked, courses)
    session.add_all(
        events.menu_changed(menu) for menu in locked if menu.is_public and menu.id in changed
    )
    return documents


async def tell_untold(session: Session, limit: int) -> int:
    """Menus that an older version of this service wrote; see common.sweeps.Batch."""
    locked = await repository.lock_untold(session, limit)
    if locked:
        courses = await menus.courses_of(session, [menu.id for menu in locked])
        await _store(session, locked, courses)
    return len(locked)


async def _store(
    session: Session, locked: Sequence[Menu], courses: Mapping[UUID, Sequence[Course]]
) -> tuple[list[Document], set[UUID]]:
    """The documents, and which menus look different; others are told what menus hold now."""
    documents = [build(menu, courses[menu.id]) for menu in locked]
    contents = {menu.id: contents_of(menu, courses[menu.id]) for menu in locked}
    changed = await repository.store(session, documents, list(contents.values()))
    session.add_all(
        events.menu_contents_changed(contents[one.menu_id], one.contents_revision)
        for one in changed
        if one.has_news
    )
    return documents, {one.menu_id for one in changed}


def check_size(document: bytes, limits: Limits) -> None:
    """After what may make a menu larger: what is too much is rolled back with the transaction."""
    if len(document) > limits.menu_bytes:
        raise MenuTooLarge(limits.menu_bytes)
