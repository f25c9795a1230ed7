"""What can go wrong in a library."""

from uuid import UUID

from common.errors import DomainError, Kind


class InvalidLibraryEntry(DomainError):
    kind = Kind.INVALID
    reason = "INVALID_LIBRARY_ENTRY"

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field} {rule}.", field=field)


class StateNotFound(DomainError):
    kind = Kind.NOT_FOUND
    reason = "STATE_NOT_FOUND"

    def __init__(self, media_item_id: UUID) -> None:
        super().__init__("State not found", media_item_id=media_item_id)


class LogNotFound(DomainError):
    """The same for another person's."""

    kind = Kind.NOT_FOUND
    reason = "LOG_NOT_FOUND"

    def __init__(self, log_id: UUID) -> None:
        super().__init__("Log entry not found", log_id=log_id)


class NothingToUndo(DomainError):
    kind = Kind.NOT_FOUND
    reason = "NOTHING_TO_UNDO"

    def __init__(self) -> None:
        super().__init__("There is no change left that could be taken back.")


class ChangedSince(DomainError):
    kind = Kind.PRECONDITION
    reason = "CHANGED_SINCE"

    def __init__(self, media_item_id: UUID, title: str) -> None:
        super().__init__(
            f"{title!r} was changed in the library since, by something other than you.",
            media_item_id=media_item_id,
            title=title,
        )
