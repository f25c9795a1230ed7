"""What can be wrong with a question."""

from common.errors import DomainError, Kind


class EmptyQuery(DomainError):
    kind = Kind.INVALID
    reason = "EMPTY_QUERY"

    def __init__(self) -> None:
        super().__init__("A search needs at least one character.", field="query")
