"""What can be wrong with saying where a work can be had."""

from collections.abc import Mapping
from itertools import islice
from uuid import UUID

from common.errors import DomainError, Kind

SHOWN_FAULTS = 10


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


class InvalidAvailability(DomainError):
    """`metadata` holds a sentence for each field that is wrong, the first of them."""

    kind = Kind.INVALID
    reason = "INVALID_AVAILABILITY"

    def __init__(self, faults: Mapping[str, str]) -> None:
        shown = dict(islice(faults.items(), SHOWN_FAULTS))
        words = "; ".join(f"{field} {fault}" for field, fault in shown.items())
        super().__init__(f"{words}.")
        self.metadata = shown
