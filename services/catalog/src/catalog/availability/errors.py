"""What can be wrong with saying where a work can be had."""

from uuid import UUID

from catalog.media.errors import WrongFields
from common.errors import DomainError, Kind


class NotAContributor(DomainError):
    kind = Kind.FORBIDDEN
    reason = "NOT_A_CONTRIBUTOR"

    def __init__(self, media_item_id: UUID) -> None:
        super().__init__(
            "Only admins and who brought this work in may say where it can be had.",
            media_item_id=media_item_id,
        )


class AvailabilityNotFound(DomainError):
    kind = Kind.NOT_FOUND
    reason = "AVAILABILITY_NOT_FOUND"

    def __init__(self, availability_id: UUID) -> None:
        super().__init__("Availability not found", availability_id=availability_id)


class InvalidAvailability(WrongFields):
    reason = "INVALID_AVAILABILITY"
