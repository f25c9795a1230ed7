"""What one does with the items of a course."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.db import Session, new_id, now
from menus import positions, repository, service
from menus.courses import repository as courses
from menus.documents import service as documents
from menus.drafts import ItemChange, Move, NewItem, OwnMenu
from menus.errors import (
    CourseItemNotFound,
    CourseNotFound,
    ItemIdsMismatch,
    ItemLimitReached,
    MenuItemLimitReached,
)
from menus.items import repository as items
from menus.limits import Limits
from menus.snapshots import service as snapshots
from menus.tree import Course, Item, Work


class Target(NamedTuple):
    """The course of a menu that is edited."""

    own: OwnMenu
    course_id: UUID


async def add_item(
    session: Session, *, target: Target, draft: NewItem, new_works: Sequence[Work], limits: Limits
) -> Item:
    """Seven statements; one more for a new work."""
    media = await snapshots.hold(session, [draft.media_item_id], new_works)
    menu = await service.lock_menu(session, target.own)
    taken = await _room(session, target, limits)
    place = positions.place(taken, draft.position)
    item = Item(new_id(), draft.notes, place.position, now(), media[draft.media_item_id])
    await items.insert_item(session, item, menu.id, target.course_id, place)
    documents.check_size(await documents.refresh(session, menu), limits)
    return item


async def _room(session: Session, target: Target, limits: Limits) -> list[int]:
    """The positions taken in the course, once it is sure that it can hold one more."""
    room = await items.room(session, target.own.menu_id, target.course_id)
    if room is None:
        raise CourseNotFound(course_id=target.course_id)
    if len(room.positions) >= limits.items_per_course:
        raise ItemLimitReached(limits.items_per_course)
    if room.menu_items >= limits.items_per_menu:
        raise MenuItemLimitReached(limits.items_per_menu)
    return list(room.positions.values())


async def update_item(
    session: Session, *, own: OwnMenu, item_id: UUID, change: ItemChange, limits: Limits
) -> Item:
    menu = await service.lock_menu(session, own)
    before = (await _placed(session, menu.id, item_id)).item
    service.check_seen("item", change.expected, before.updated_at)
    if change.notes is None or change.notes[0] == before.notes:
        return before
    item = before._replace(notes=change.notes[0], updated_at=now())
    await items.update_notes(session, item)
    documents.check_size(await documents.refresh(session, menu), limits)
    return item


async def _placed(session: Session, menu_id: UUID, item_id: UUID) -> items.Placed:
    placed = await items.item(session, menu_id, item_id)
    if placed is None:
        raise CourseItemNotFound(course_item_id=item_id)
    return placed


async def delete_item(session: Session, *, own: OwnMenu, item_id: UUID) -> None:
    menu = await service.lock_menu(session, own)
    if not await items.delete_item(session, menu.id, item_id):
        raise CourseItemNotFound(course_item_id=item_id)
    await documents.refresh(session, menu)


async def reorder_items(
    session: Session, *, target: Target, item_ids: Sequence[UUID], expected: datetime | None
) -> Course:
    """`expected` is the time of the course that the editor last saw."""
    menu = await service.lock_menu(session, target.own)
    course = await courses.course(session, menu.id, target.course_id)
    if course is None:
        raise CourseNotFound(course_id=target.course_id)
    service.check_seen("course", expected, course.updated_at)
    existing = await items.positions(session, course.id)
    if len(item_ids) != len(existing) or set(item_ids) != existing.keys():
        raise ItemIdsMismatch
    if existing:
        await items.renumber(session, item_ids, now())
        await documents.refresh(session, menu)
    return await repository.course_with_items(session, course.id) or course


async def move_item(
    session: Session, *, own: OwnMenu, item_id: UUID, move: Move, limits: Limits
) -> Item:
    """Also within its course."""
    menu = await service.lock_menu(session, own)
    before, course_id = await _placed(session, menu.id, item_id)
    service.check_seen("item", move.expected, before.updated_at)
    room = await items.room(session, menu.id, move.target_course_id)
    if room is None:
        raise CourseNotFound(course_id=move.target_course_id)
    others = {id_: position for id_, position in room.positions.items() if id_ != item_id}
    if len(others) >= limits.items_per_course:
        raise ItemLimitReached(limits.items_per_course)
    place = positions.place(others.values(), move.position)
    if (move.target_course_id, place.position) == (course_id, before.position):
        return before
    if place.pushed_to is not None:
        await items.push_down(session, move.target_course_id, place)
    item = before._replace(position=place.position, updated_at=now())
    await items.put_item(session, item, move.target_course_id)
    await documents.refresh(session, menu)
    return item
