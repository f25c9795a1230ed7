"""How works get into a menu without a person's hand: only while it is still being composed."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from common.db import Session
from menus import service
from menus.arrivals import repository
from menus.courses import service as courses
from menus.drafts import NewCourse, NewItem, OwnMenu
from menus.errors import CourseNotFound, MenuIsPublic
from menus.items import service as items
from menus.items.service import Target
from menus.limits import Limits
from menus.snapshots import service as snapshots
from menus.tree import Work

FIRST_COURSE = "Arrivals"


class Arrival(NamedTuple):
    """Where the work is now; `is_new` unless it was there before."""

    is_new: bool
    menu_title: str
    course_title: str


async def append(
    session: Session,
    *,
    own: OwnMenu,
    course_id: UUID | None,
    draft: NewItem,
    new_works: Sequence[Work],
    limits: Limits,
) -> Arrival:
    """Without a course into the last one. The same again changes nothing, also in parallel."""
    # Held and locked in the order of every edit; that the edits below do it again costs no wait.
    held = await snapshots.hold(session, [draft.media_item_id], new_works)
    menu = await service.lock_menu(session, own)
    if menu.is_public:
        raise MenuIsPublic(menu.id)
    work = held[draft.media_item_id]
    shelf = await repository.shelf(session, menu.id, course_id, work.media_item_id)
    if shelf is None:
        if course_id is not None:
            raise CourseNotFound(course_id=course_id)
        first = NewCourse(FIRST_COURSE, None, None, None, [draft])
        await courses.add_course(session, own=own, draft=first, new_works=(), limits=limits)
        return Arrival(is_new=True, menu_title=menu.title, course_title=FIRST_COURSE)
    if not shelf.holds_work:
        target = Target(own, shelf.course_id)
        await items.add_item(session, target=target, draft=draft, new_works=(), limits=limits)
    return Arrival(not shelf.holds_work, menu.title, shelf.title)
