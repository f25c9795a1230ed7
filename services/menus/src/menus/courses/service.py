"""What one does with the courses of a menu."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from common.db import Session, now
from menus import positions, repository, service
from menus.courses import repository as courses
from menus.documents import service as documents
from menus.drafts import CourseChange, NewCourse, OwnMenu
from menus.errors import (
    CourseIdsMismatch,
    CourseLimitReached,
    CourseNotFound,
    MenuItemLimitReached,
)
from menus.limits import Limits
from menus.snapshots import service as snapshots
from menus.tree import Course, Work


async def add_course(
    session: Session, *, own: OwnMenu, draft: NewCourse, new_works: Sequence[Work], limits: Limits
) -> Course:
    service.check_limits([draft], limits)
    media = await snapshots.hold(session, (item.media_item_id for item in draft.items), new_works)
    menu = await service.lock_menu(session, own)
    taken = await courses.positions(session, menu.id)
    if len(taken) >= limits.courses_per_menu:
        raise CourseLimitReached(limits.courses_per_menu)
    if draft.items:
        await _check_items(session, menu.id, len(draft.items), limits)
    place = positions.place(taken.values(), draft.position)
    if place.pushed_to is not None:
        await courses.push_down(session, menu.id, place)
    course = service.new_course(menu.id, draft._replace(position=place.position), media)
    await courses.insert_courses(session, [course])
    documents.check_size(await documents.refresh(session, menu), limits)
    return course


async def _check_items(session: Session, menu_id: UUID, more: int, limits: Limits) -> None:
    if await courses.count_items(session, menu_id) + more > limits.items_per_menu:
        raise MenuItemLimitReached(limits.items_per_menu)


async def update_course(
    session: Session, *, own: OwnMenu, course_id: UUID, change: CourseChange, limits: Limits
) -> Course:
    menu = await service.lock_menu(session, own)
    before = await _course(session, menu.id, course_id)
    service.check_seen("course", change.expected, before.updated_at)
    course = before._replace(
        title=before.title if change.title is None else change.title,
        description=before.description if change.description is None else change.description[0],
        intent=before.intent if change.intent is None else change.intent[0],
    )
    if course != before:
        await courses.update_course(session, course._replace(updated_at=now()))
        documents.check_size(await documents.refresh(session, menu), limits)
    return await _with_items(session, course_id)


async def _course(session: Session, menu_id: UUID, course_id: UUID) -> Course:
    course = await courses.course(session, menu_id, course_id)
    if course is None:
        raise CourseNotFound(course_id=course_id)
    return course


async def _with_items(session: Session, course_id: UUID) -> Course:
    course = await repository.course_with_items(session, course_id)
    if course is None:
        raise CourseNotFound(course_id=course_id)
    return course


async def delete_course(session: Session, *, own: OwnMenu, course_id: UUID) -> None:
    menu = await service.lock_menu(session, own)
    if not await courses.delete_course(session, menu.id, course_id):
        raise CourseNotFound(course_id=course_id)
    await documents.refresh(session, menu)


async def reorder_courses(
    session: Session, *, own: OwnMenu, course_ids: Sequence[UUID], expected: datetime | None
) -> bytes:
    """Answers the menu's document. `expected` is the time of the menu that the editor last saw."""
    menu = await service.lock_menu(session, own)
    service.check_seen("menu", expected, menu.updated_at)
    existing = await courses.positions(session, menu.id)
    if len(course_ids) != len(existing) or set(course_ids) != existing.keys():
        raise CourseIdsMismatch
    if not existing:
        return await documents.read_own(session, own=own)
    await courses.renumber(session, course_ids, now())
    return await documents.refresh(session, menu)
