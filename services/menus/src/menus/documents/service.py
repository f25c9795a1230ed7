"""Publishing: a public menu has a finished document, rebuilt in the transaction that changes it."""

from collections.abc import Sequence

from common.db import Session
from menus import events
from menus import repository as menus
from menus.documents import repository
from menus.documents.document import build
from menus.documents.repository import Found
from menus.errors import MenuNotFound
from menus.limits import SLUG_LENGTH
from menus.tree import Course, Menu


async def read(session: Session, slug: str) -> Found:
    """One statement. Any text may be asked for."""
    storable = len(slug) <= SLUG_LENGTH and "\0" not in slug
    found = await repository.document_by_slug(session, slug) if storable else None
    if found is None:
        raise MenuNotFound
    return found


async def publish(session: Session, menu: Menu, courses: Sequence[Course]) -> None:
    await repository.store(session, [build(menu, courses)])
    session.add(events.menu_published(menu))


async def unpublish(session: Session, menu: Menu) -> None:
    await repository.remove(session, menu.id)
    session.add(events.menu_unpublished(menu))


async def update(session: Session, menu: Menu, courses: Sequence[Course]) -> None:
    """Of a public menu after a change; says so only if there is something to see."""
    if await repository.store(session, [build(menu, courses)]):
        session.add(events.menu_changed(menu))


async def refresh(session: Session, menu: Menu) -> None:
    """After a change of anything the menu holds: nothing while it is private."""
    if menu.is_public:
        await rebuild(session, [menu])


async def rebuild(session: Session, published: Sequence[Menu]) -> None:
    """Of menus that the caller has locked."""
    if not published:
        return
    courses = await menus.courses_of(session, [menu.id for menu in published])
    documents = [build(menu, courses[menu.id]) for menu in published]
    changed = await repository.store(session, documents)
    session.add_all(events.menu_changed(menu) for menu in published if menu.id in changed)
