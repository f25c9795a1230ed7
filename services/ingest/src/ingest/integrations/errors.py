"""What can go wrong with integrations."""

from uuid import UUID

from common.errors import DomainError, Kind


class IntegrationNotFound(DomainError):
    """Also for one of somebody else, and for a revoked one."""

    kind = Kind.NOT_FOUND
    reason = "INTEGRATION_NOT_FOUND"

    def __init__(self, integration_id: UUID) -> None:
        super().__init__("Integration not found", integration_id=integration_id)


class UnknownSender(DomainError):
    kind = Kind.INVALID
    reason = "UNKNOWN_SENDER"

    def __init__(self, sender: str) -> None:
        shown = sender[:64]
        super().__init__(f"Unsupported integration provider: {shown}", sender=shown)


class InvalidName(DomainError):
    """Of an integration, a tag or an account."""

    kind = Kind.INVALID
    reason = "INVALID_NAME"

    def __init__(self, field: str, longest: int) -> None:
        super().__init__(
            f"{field} must have 1 to {longest} printable characters.", field=field, longest=longest
        )


class CourseWithoutMenu(DomainError):
    kind = Kind.INVALID
    reason = "COURSE_WITHOUT_MENU"

    def __init__(self) -> None:
        super().__init__("course_id must come with its menu_id.", field="effects.course_id")


class UnknownMenu(DomainError):
    """Also for somebody else's."""

    kind = Kind.INVALID
    reason = "UNKNOWN_MENU"

    def __init__(self) -> None:
        super().__init__("menu_id is no menu of yours.", field="effects.menu_id")


class PublicMenu(DomainError):
    kind = Kind.INVALID
    reason = "MENU_IS_PUBLIC"

    def __init__(self) -> None:
        super().__init__(
            "menu_id is a public menu: only menus that are not public grow by themselves.",
            field="effects.menu_id",
        )


class UnknownCourse(DomainError):
    kind = Kind.INVALID
    reason = "UNKNOWN_COURSE"

    def __init__(self) -> None:
        super().__init__("course_id is no course of that menu.", field="effects.course_id")


class NothingNamed(DomainError):
    kind = Kind.INVALID
    reason = "NOTHING_NAMED"

    def __init__(self) -> None:
        super().__init__("Either an integration or a sender must be named.")


class IntegrationNameTaken(DomainError):
    kind = Kind.CONFLICT
    reason = "INTEGRATION_NAME_TAKEN"

    def __init__(self, sender: str, name: str) -> None:
        super().__init__(
            f"There is or was an integration of {sender} of this name.", sender=sender, name=name
        )


class IntegrationLimitReached(DomainError):
    kind = Kind.PRECONDITION
    reason = "INTEGRATION_LIMIT_REACHED"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A person may have at most {limit} integrations.", limit=limit)
