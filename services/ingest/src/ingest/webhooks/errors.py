"""What can go wrong with what senders post."""

from common.errors import DomainError, Kind


class Unreadable(DomainError):
    """A body that is no event of its sender; `clause` says why, and quotes nothing of it."""

    kind = Kind.INVALID
    reason = "UNREADABLE_WEBHOOK"

    def __init__(self, clause: str) -> None:
        super().__init__(f"Unreadable webhook: {clause}", clause=clause)
        self.clause = clause
