"""What can be wrong with an entry of a library."""

from common.errors import DomainError, Kind


class InvalidLibraryEntry(DomainError):
    kind = Kind.INVALID
    reason = "INVALID_LIBRARY_ENTRY"

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field} {rule}.", field=field)
