"""What one does with menus, free of gRPC and NATS."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from slugify import slugify

from common.db import Session, new_id, now
from menus import events, positions, repository
from menus.courses import repository as courses_repository
from menus.documents import service as documents
from menus.drafts import MenuChange, NewCourse, NewMenu, OwnMenu
from menus.errors import (
    CourseLimitReached,
    Edited,
    ItemLimitReached,
    MenuItemLimitReached,
    MenuLimitReached,
    MenuNotFound,
    StaleEdit,
)
from menus.limits import SLUG_BASE_LENGTH, Limits
from menus.snapshots import service as snapshots
from menus.tree import Course, Item, Menu, Snapshot, Work


async def create_menu(
    session: Session, *, owner_id: UUID, draft: NewMenu, new_works: Sequence[Work], limits: Limits
) -> bytes:
    """Answers its document."""
    check_limits(draft.courses, limits)
    media = await snapshots.hold(session, (item.media_item_id for item in draft.items()), new_works)
    base = slug_base(draft.title)
    # The owner's other creates wait, so that they are counted; those of the same title wait too,
    # so that each finds a slug at its first try.
    await repository.lock_words(session, [f"owner {owner_id}", f"slug {base}"])
    if await repository.count_menus(session, owner_id) >= limits.menus_per_owner:
        raise MenuLimitReached(limits.menus_per_owner)
    menu = await _insert_menu(session, owner_id, draft, base)
    courses = new_courses(menu.id, draft.courses, media)
    await courses_repository.insert_courses(session, courses)
    document = await documents.write(session, menu, courses)
    documents.check_size(document, limits)
    if menu.is_public:
        session.add(events.menu_published(menu))
    return document


async def _insert_menu(session: Session, owner_id: UUID, draft: NewMenu, base: str) -> Menu:
    taken = await repository.numbered_slugs(session, base)
    at = now()
    while True:
        slug = free_slug(base, taken)
        menu = Menu(
            new_id(), owner_id, draft.title, draft.description, slug, draft.is_public, at, at
        )
        if await repository.insert_menu(session, menu):
            return menu
        # "Dinner 2" and the second "Dinner" want the same slug under different locks.
        taken.add(slug)


def slug_base(title: str) -> str:
    return (
        slugify(title, max_length=SLUG_BASE_LENGTH, word_boundary=True, save_order=True) or "menu"
    )


def free_slug(base: str, taken: set[str]) -> str:
    number = 1
    slug = base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def check_limits(courses: Sequence[NewCourse], limits: Limits) -> None:
    """Of what one request brings."""
    if len(courses) > limits.courses_per_menu:
        raise CourseLimitReached(limits.courses_per_menu)
    if any(len(course.items) > limits.items_per_course for course in courses):
        raise ItemLimitReached(limits.items_per_course)
    if sum(len(course.items) for course in courses) > limits.items_per_menu:
        raise MenuItemLimitReached(limits.items_per_menu)


def new_courses(
    menu_id: UUID, drafts: Sequence[NewCourse], media: Mapping[UUID, Snapshot]
) -> list[Course]:
    """In order of position."""
    names = [f"courses[{index}]" for index in range(len(drafts))]
    places = positions.assign([draft.position for draft in drafts], names)
    courses = [
        new_course(menu_id, draft._replace(position=place), media, f"{name}.")
        for draft, place, name in zip(drafts, places, names, strict=True)
    ]
    return sorted(courses, key=lambda course: course.position)


def new_course(
    menu_id: UUID, draft: NewCourse, media: Mapping[UUID, Snapshot], prefix: str = ""
) -> Course:
    """`prefix` is that of its fields' names in the request."""
    at = now()
    names = [f"{prefix}items[{index}]" for index in range(len(draft.items))]
    places = positions.assign([item.position for item in draft.items], names)
    items = [
        Item(new_id(), item.notes, place, at, media[item.media_item_id])
        for item, place in zip(draft.items, places, strict=True)
    ]
    items.sort(key=lambda item: item.position)
    position = positions.FIRST if draft.position is None else draft.position
    return Course(
        new_id(), menu_id, draft.title, draft.description, draft.intent, position, at, items
    )


async def lock_menu(session: Session, own: OwnMenu) -> Menu:
    """The first step of every edit: edits of one menu follow one another."""
    menu = await repository.lock_owned_menu(session, own.menu_id, own.owner_id)
    if menu is None:
        raise MenuNotFound(menu_id=own.menu_id)
    return menu


def check_seen(what: Edited, expected: datetime | None, updated_at: datetime) -> None:
    """Whoever says what they last saw edits only that. Raises StaleEdit."""
    if expected not in (None, updated_at):
        raise StaleEdit(what, updated_at)


async def update_menu(
    session: Session, *, own: OwnMenu, change: MenuChange, limits: Limits
) -> bytes:
    """Answers its document."""
    before = await lock_menu(session, own)
    check_seen("menu", change.expected, before.updated_at)
    menu = before._replace(
        title=before.title if change.title is None else change.title,
        description=before.description if change.description is None else change.description[0],
        is_public=before.is_public if change.is_public is None else change.is_public,
    )
    if menu == before:
        return await documents.read_own(session, own=own)
    menu = menu._replace(updated_at=now())
    await repository.update_menu(session, menu)
    if menu.is_public == before.is_public:
        document = await documents.refresh(session, menu)
    else:
        document = await _turn(session, menu)
    # One can always publish and withdraw.
    if (menu.title, menu.description) != (before.title, before.description):
        documents.check_size(document, limits)
    return document


async def _turn(session: Session, menu: Menu) -> bytes:
    """Of a menu that became public, or private."""
    session.add(events.menu_published(menu) if menu.is_public else events.menu_unpublished(menu))
    courses = await repository.courses_of(session, [menu.id])
    return await documents.write(session, menu, courses[menu.id])


async def delete_menu(session: Session, *, own: OwnMenu) -> None:
    menu = await repository.delete_menu(session, own.menu_id, own.owner_id)
    if menu is None:
        raise MenuNotFound(menu_id=own.menu_id)
    session.add(events.menu_contents_gone(menu))
    if menu.is_public:
        session.add(events.menu_unpublished(menu))


async def forget_user(session: Session, *, user_id: UUID) -> None:
    """Delete all that a person made."""
    deleted = await repository.delete_menus_of(session, user_id)
    session.add_all(events.menu_contents_gone(menu) for menu in deleted)
    session.add_all(events.menu_unpublished(menu) for menu in deleted if menu.is_public)
    await repository.forget_keys_of(session, user_id)
