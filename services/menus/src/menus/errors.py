"""What can go wrong with menus, said as facts. The messages are those of the public API."""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from common.errors import DomainError, Kind


class MenuNotFound(DomainError):
    """Also for a menu of somebody else, and for a private one asked for by its slug."""

    kind = Kind.NOT_FOUND
    reason = "MENU_NOT_FOUND"

    def __init__(self, **named: str | UUID) -> None:
        super().__init__("Menu not found", retry_after=None, **named)


class CourseNotFound(DomainError):
    """Also for a course of another menu."""

    kind = Kind.NOT_FOUND
    reason = "COURSE_NOT_FOUND"

    def __init__(self, **named: str | UUID) -> None:
        super().__init__("Course not found", retry_after=None, **named)


class CourseItemNotFound(DomainError):
    """Also for an item of another menu."""

    kind = Kind.NOT_FOUND
    reason = "COURSE_ITEM_NOT_FOUND"

    def __init__(self, **named: str | UUID) -> None:
        super().__init__("Course item not found", retry_after=None, **named)


class MediaItemNotFound(DomainError):
    kind = Kind.NOT_FOUND
    reason = "MEDIA_ITEM_NOT_FOUND"

    def __init__(self, **named: str | UUID) -> None:
        super().__init__("Media item not found", retry_after=None, **named)


Edited = Literal["menu", "course", "item"]


class StaleEdit(DomainError):
    kind = Kind.STALE
    reason = "STALE_EDIT"

    def __init__(self, what: Edited, updated_at: datetime) -> None:
        current = f"{updated_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        super().__init__(
            f"The {what} was changed in the meantime.", what=what, current_updated_at=current
        )


class CourseIdsMismatch(DomainError):
    kind = Kind.INVALID
    reason = "COURSE_IDS_MISMATCH"

    def __init__(self) -> None:
        super().__init__("Course IDs must match the existing courses.")


class ItemIdsMismatch(DomainError):
    kind = Kind.INVALID
    reason = "ITEM_IDS_MISMATCH"

    def __init__(self) -> None:
        super().__init__("Item IDs must match the existing course items.")


class PositionTaken(DomainError):
    """Two of one request want the same place."""

    kind = Kind.INVALID
    reason = "POSITION_TAKEN"

    def __init__(self, field: str, position: int, taken_by: str) -> None:
        super().__init__(
            f"{field}: {position} is taken by {taken_by}",
            field=field,
            position=position,
            taken_by=taken_by,
        )


class PositionOutOfRange(DomainError):
    kind = Kind.INVALID
    reason = "POSITION_OUT_OF_RANGE"

    def __init__(self, field: str, position: int, highest: int) -> None:
        super().__init__(
            f"{field} must be between 0 and {highest}.",
            field=field,
            position=position,
            highest=highest,
        )


class TextBlank(DomainError):
    kind = Kind.INVALID
    reason = "TEXT_BLANK"

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} must not be blank.", field=field)


class TextTooLong(DomainError):
    kind = Kind.INVALID
    reason = "TEXT_TOO_LONG"

    def __init__(self, field: str, limit: int) -> None:
        super().__init__(f"{field} may have at most {limit} characters.", field=field, limit=limit)


class TextNotStorable(DomainError):
    kind = Kind.INVALID
    reason = "TEXT_NOT_STORABLE"

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} must not contain NUL characters.", field=field)


class MenuIsPublic(DomainError):
    """Only people change what everybody reads."""

    kind = Kind.PRECONDITION
    reason = "MENU_IS_PUBLIC"

    def __init__(self, menu_id: UUID) -> None:
        super().__init__("The menu is public: nothing is added to it by itself.", menu_id=menu_id)


class LimitReached(DomainError):
    """A list that may grow no further: menus of a person, courses of a menu, items of either."""

    kind = Kind.PRECONDITION

    def __init__(self, message: str, limit: int) -> None:
        super().__init__(message, limit=limit)


class MenuLimitReached(LimitReached):
    reason = "MENU_LIMIT_REACHED"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A person may have at most {limit} menus.", limit)


class CourseLimitReached(LimitReached):
    reason = "COURSE_LIMIT_REACHED"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A menu may hold at most {limit} courses.", limit)


class ItemLimitReached(LimitReached):
    reason = "ITEM_LIMIT_REACHED"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A course may hold at most {limit} items.", limit)


class MenuItemLimitReached(LimitReached):
    reason = "MENU_ITEM_LIMIT_REACHED"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A menu may hold at most {limit} items.", limit)


class MenuTooLarge(LimitReached):
    reason = "MENU_TOO_LARGE"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A menu with its works may take at most {limit} bytes.", limit)
