"""What can go wrong with tags."""

from uuid import UUID

from common.errors import DomainError, Kind


class TagNameBlank(DomainError):
    kind = Kind.INVALID
    reason = "TAG_NAME_BLANK"

    def __init__(self) -> None:
        super().__init__("Tag name cannot be blank", field="name")


class InvalidTag(DomainError):
    kind = Kind.INVALID
    reason = "INVALID_TAG"

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field} {rule}.", field=field)


class TooManyTags(DomainError):
    kind = Kind.INVALID
    reason = "TOO_MANY_TAGS"

    def __init__(self, limit: int) -> None:
        super().__init__(f"There may be at most {limit} tags.", limit=limit)


class TagExists(DomainError):
    kind = Kind.CONFLICT
    reason = "TAG_EXISTS"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a tag {name!r} already.", name=name)


class TagNotFound(DomainError):
    """The same for another person's, and for a shared one unless an admin edits it."""

    kind = Kind.NOT_FOUND
    reason = "TAG_NOT_FOUND"

    def __init__(self, tag_id: UUID) -> None:
        super().__init__("Tag not found", tag_id=tag_id)


class TagNotAvailable(DomainError):
    """To put on works: the tag is named by the body of a request."""

    kind = Kind.INVALID
    reason = "TAG_NOT_AVAILABLE"

    def __init__(self, tag_id: UUID) -> None:
        super().__init__("Tag not available", tag_id=tag_id)


class NoTagToDetach(TagNotAvailable):
    """To take off works: what is named is the assignment itself."""

    kind = Kind.NOT_FOUND


class TagNotAssigned(DomainError):
    kind = Kind.NOT_FOUND
    reason = "TAG_NOT_ASSIGNED"

    def __init__(self, tag_id: UUID) -> None:
        super().__init__("Tag not assigned to media", tag_id=tag_id)


class MediaItemNotAvailable(DomainError):
    """To be tagged: the work is named by the body of a request."""

    kind = Kind.INVALID
    reason = "MEDIA_ITEM_NOT_AVAILABLE"

    def __init__(self) -> None:
        super().__init__("Media item not found", field="media_item_ids")


class SharedTagsAreForAdmins(DomainError):
    kind = Kind.FORBIDDEN
    reason = "ADMIN_REQUIRED"

    def __init__(self) -> None:
        super().__init__("Only admins make shared tags, and put them on works or take them off.")
