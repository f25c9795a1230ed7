"""Between the wire and what the use cases take and give."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from common.idempotency import MAX_KEY_LENGTH, Once
from common.requests import current_caller, parse_id
from menus import texts
from menus.drafts import NewCourse, NewItem, OwnMenu
from menus.errors import InvalidTime
from menus.limits import DESCRIPTION_LENGTH, NOTES_LENGTH
from menus.tree import Course, Item, MenuTree, Snapshot
from tastebuds.catalog.v1 import media_pb2
from tastebuds.menus.v1 import menu_pb2, menu_service_pb2

MEDIA_TYPES: "Mapping[str, media_pb2.MediaType.ValueType]" = {
    "book": media_pb2.MEDIA_TYPE_BOOK,
    "movie": media_pb2.MEDIA_TYPE_MOVIE,
    "tv": media_pb2.MEDIA_TYPE_TV,
    "game": media_pb2.MEDIA_TYPE_GAME,
    "music": media_pb2.MEDIA_TYPE_MUSIC,
}


class OfMenu(Protocol):
    """A request that names a menu."""

    menu_id: str


def own_menu(request: OfMenu) -> OwnMenu:
    return OwnMenu(parse_id("menu_id", request.menu_id), current_caller().user_id)


def once(request: Message, key: str) -> Once:
    return Once(
        current_caller().user_id, texts.text("idempotency_key", key, MAX_KEY_LENGTH) or "", request
    )


def parse_time(request: Message, field: str) -> datetime | None:
    """None when the field is absent."""
    if not request.HasField(field):
        return None
    value: Timestamp = getattr(request, field)
    try:
        return value.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise InvalidTime(field) from None


def parse_item(item: menu_service_pb2.NewCourseItem, prefix: str = "") -> NewItem:
    return NewItem(
        media_item_id=parse_id(f"{prefix}media_item_id", item.media_item_id),
        notes=texts.text(f"{prefix}notes", item.notes, NOTES_LENGTH),
        position=item.position if item.HasField("position") else None,
    )


def parse_course(course: menu_service_pb2.NewCourse, prefix: str = "") -> NewCourse:
    return NewCourse(
        title=texts.title(f"{prefix}title", course.title),
        description=texts.text(f"{prefix}description", course.description, DESCRIPTION_LENGTH),
        intent=texts.text(f"{prefix}intent", course.intent, DESCRIPTION_LENGTH),
        position=course.position if course.HasField("position") else None,
        items=[
            parse_item(item, f"{prefix}items[{index}].") for index, item in enumerate(course.items)
        ],
    )


def menu_message(tree: MenuTree) -> menu_pb2.Menu:
    menu = tree.menu
    return menu_pb2.Menu(
        id=str(menu.id),
        owner_id=str(menu.owner_id),
        title=menu.title,
        description=menu.description,
        slug=menu.slug,
        is_public=menu.is_public,
        created_at=_time(menu.created_at),
        updated_at=_time(menu.updated_at),
        courses=[course_message(course) for course in tree.courses],
    )


def course_message(course: Course) -> menu_pb2.Course:
    return menu_pb2.Course(
        id=str(course.id),
        title=course.title,
        description=course.description,
        intent=course.intent,
        position=course.position,
        updated_at=_time(course.updated_at),
        items=[item_message(item) for item in course.items],
    )


def item_message(item: Item) -> menu_pb2.CourseItem:
    return menu_pb2.CourseItem(
        id=str(item.id),
        media_item_id=str(item.media.media_item_id),
        notes=item.notes,
        position=item.position,
        updated_at=_time(item.updated_at),
        media_item=_media_message(item.media),
    )


def _media_message(media: Snapshot) -> media_pb2.MediaItem:
    return media_pb2.MediaItem(
        id=str(media.media_item_id),
        media_type=MEDIA_TYPES.get(media.media_type, media_pb2.MEDIA_TYPE_UNSPECIFIED),
        title=media.title,
        subtitle=media.subtitle,
        description=media.description,
        release_date=None if media.release_date is None else media.release_date.isoformat(),
        cover_image_url=media.cover_image_url,
        canonical_url=media.canonical_url,
        metadata_json=media.metadata_json,
        creators=media.creators,
    )


def _time(value: datetime) -> Any:
    """As it is: protobuf takes a datetime for a Timestamp, which only its stubs do not know."""
    return value
