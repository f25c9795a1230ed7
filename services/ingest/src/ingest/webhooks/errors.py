"""What can go wrong with what senders post."""

from common.errors import DomainError, Kind


class Unreadable(DomainError):
    """A body that is no event of its sender; `clause` says why, and quotes nothing of it."""

    kind = Kind.INVALID
    reason = "UNREADABLE_WEBHOOK"

    def __init__(self, clause: str) -> None:
        super().__init__(f"Unreadable webhook: {clause}", clause=clause)
        self.clause = clause


class WorkGone(DomainError):
    """The work that was found or chosen is not in the catalogue any more."""

    kind = Kind.NOT_FOUND
    reason = "WORK_GONE"

    def __init__(self) -> None:
        super().__init__("the work is not in the catalogue any more")
