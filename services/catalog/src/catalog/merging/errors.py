"""What can go wrong with merges."""

from uuid import UUID

from common.errors import DomainError, Kind


class CannotMerge(DomainError):
    kind = Kind.PRECONDITION
    reason = "CANNOT_MERGE"

    def __init__(self, why: str) -> None:
        super().__init__(f"These cannot be merged: {why}.")


class MergeNotFound(DomainError):
    kind = Kind.NOT_FOUND
    reason = "MERGE_NOT_FOUND"

    def __init__(self, merge_id: UUID) -> None:
        super().__init__("Merge not found", merge_id=merge_id)


class MergeIsFinal(DomainError):
    kind = Kind.PRECONDITION
    reason = "MERGE_IS_FINAL"

    def __init__(self, merge_id: UUID, why: str) -> None:
        super().__init__(f"The merge cannot be undone: {why}.", merge_id=merge_id)


class WorksBusy(DomainError):
    """Others write to these works again and again; whoever merges them gives way."""

    kind = Kind.CONFLICT
    reason = "WORKS_BUSY"

    def __init__(self) -> None:
        super().__init__("The works are being changed by others just now. Please try again.")
