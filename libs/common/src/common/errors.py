"""Domain errors: what went wrong, said without any transport."""

from enum import Enum, auto


class Kind(Enum):
    """What a caller can do about an error; each kind has one status on every transport."""

    INVALID = auto()
    UNAUTHENTICATED = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    CONFLICT = auto()
    STALE = auto()
    PRECONDITION = auto()
    RATE_LIMITED = auto()
    UNAVAILABLE = auto()


class DomainError(Exception):
    """Base of every error a caller is meant to handle.

    Subclasses name the reason; `metadata` holds each value the message mentions, and
    `retry_after` the seconds after which trying again makes sense.
    """

    kind: Kind
    reason: str

    def __init__(
        self, message: str, *, retry_after: float | None = None, **metadata: object
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.metadata = {key: str(value) for key, value in metadata.items()}


class DatabaseUnavailable(DomainError):
    kind = Kind.UNAVAILABLE
    reason = "DATABASE_UNAVAILABLE"

    def __init__(self, retry_after: float = 1) -> None:
        super().__init__("The database does not answer right now.", retry_after=retry_after)
