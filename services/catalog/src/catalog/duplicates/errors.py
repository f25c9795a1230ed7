"""What can go wrong with suspects."""

from uuid import UUID

from common.errors import DomainError, Kind


class SuspectNotFound(DomainError):
    kind = Kind.NOT_FOUND
    reason = "SUSPECT_NOT_FOUND"

    def __init__(self, suspect_id: UUID) -> None:
        super().__init__("Suspect not found", suspect_id=suspect_id)
