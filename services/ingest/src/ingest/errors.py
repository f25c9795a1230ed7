"""What can go wrong on the way to and from the upstream catalogues."""

from common.errors import DomainError, Kind


class UnknownSource(DomainError):
    kind = Kind.INVALID
    reason = "UNKNOWN_SOURCE"

    def __init__(self, source: str) -> None:
        super().__init__(f"Unknown source: {source}", source=source)


class IdentifierRequired(DomainError):
    """`field` names which of many."""

    kind = Kind.INVALID
    reason = "IDENTIFIER_REQUIRED"

    def __init__(self, field: str | None = None) -> None:
        if field is None:
            super().__init__("Identifier required")
        else:
            super().__init__(f"{field}: identifier required", field=field)


class UnusableIdentifier(DomainError):
    """`rule` says what an identifier of that source looks like."""

    kind = Kind.INVALID
    reason = "UNUSABLE_IDENTIFIER"

    def __init__(self, source: str, rule: str) -> None:
        super().__init__(f"Not an identifier of {source}: {rule}", source=source, rule=rule)


class RequestRejected(DomainError):
    """The upstream lives and says that it cannot make sense of what was asked (4xx)."""

    kind = Kind.INVALID
    reason = "REQUEST_REJECTED"

    def __init__(self, source: str, status: int) -> None:
        super().__init__(f"{source} does not accept this request", source=source, status=status)


class NotAtSource(DomainError):
    kind = Kind.NOT_FOUND
    reason = "NOT_AT_SOURCE"

    def __init__(self, source: str, external_id: str) -> None:
        super().__init__(
            f"{source} has no item {external_id}", source=source, external_id=external_id
        )


class IdOfEpisode(DomainError):
    """The id was to be a whole work's; its episode alone has it."""

    kind = Kind.NOT_FOUND
    reason = "ID_OF_EPISODE"

    def __init__(self, clue: str) -> None:
        super().__init__(f"the id is the episode's: {clue}", clue=clue)


class SourceOff(DomainError):
    kind = Kind.UNAVAILABLE
    reason = "SOURCE_OFF"

    def __init__(self, source: str, why: str) -> None:
        # Nothing to wait for but the operator.
        super().__init__(f"{source} is off: {why}", retry_after=3600, source=source, why=why)


class CircuitOpen(DomainError):
    kind = Kind.UNAVAILABLE
    reason = "CIRCUIT_OPEN"

    def __init__(self, source: str, retry_after: float) -> None:
        super().__init__(
            f"{source} temporarily unavailable", retry_after=retry_after, source=source
        )


class NoFreeSlot(DomainError):
    """Our own rate limit stood in the way: nothing was asked of the upstream."""

    kind = Kind.UNAVAILABLE
    reason = "NO_FREE_SLOT"

    def __init__(self, source: str) -> None:
        super().__init__(f"{source} is busy, try again shortly", retry_after=1, source=source)


class UpstreamFailure(DomainError):
    """An upstream that does not work; what a circuit counts."""

    kind = Kind.UNAVAILABLE


class UpstreamUnavailable(UpstreamFailure):
    reason = "UPSTREAM_UNAVAILABLE"

    def __init__(self, source: str, fault: str) -> None:
        super().__init__(f"{source} is not available: {fault}", source=source, fault=fault)


class UpstreamThrottled(UpstreamFailure):
    reason = "UPSTREAM_THROTTLED"

    def __init__(self, source: str, retry_after: float | None = None) -> None:
        super().__init__(f"{source} asks for a pause", retry_after=retry_after, source=source)


class UpstreamRefused(UpstreamFailure):
    """The key was refused; `setting` names where it comes from, never its value."""

    reason = "UPSTREAM_REFUSED"

    def __init__(self, source: str, setting: str, status: int) -> None:
        super().__init__(
            f"{source} refuses our key ({status}): check {setting}",
            source=source,
            setting=setting,
            status=status,
        )
        self.status = status


class UpstreamGarbage(UpstreamFailure):
    reason = "UPSTREAM_GARBAGE"

    def __init__(self, source: str, fault: str) -> None:
        super().__init__(f"{source} gave an unreadable answer: {fault}", source=source, fault=fault)


class IncompleteItem(UpstreamGarbage):
    """A readable answer that lacks what an item needs: the item is at fault, not the upstream."""

    reason = "INCOMPLETE_ITEM"

    def __init__(self, source: str, missing: str) -> None:
        super().__init__(source, f"the item has no {missing}")


class FetchQuotaExceeded(DomainError):
    """`ahead` is how many others were refused in this minute before."""

    kind = Kind.RATE_LIMITED
    reason = "FETCH_QUOTA_EXCEEDED"

    def __init__(self, per_minute: int, retry_after: float, ahead: int) -> None:
        super().__init__(
            f"Ingest quota exceeded ({per_minute} per minute)",
            retry_after=retry_after,
            per_minute=per_minute,
        )
        self.minutes_ahead = ahead // per_minute


def is_worth_waiting(error: DomainError) -> bool:
    """Whether the same request may well succeed later, by itself or by the operator's doing.

    Also garbage (often the page of a proxy that cannot reach the source) and a refused key; not a
    source without key, whose first answer would only come with a new start of ours.
    """
    if isinstance(error, SourceOff | IncompleteItem):
        return False
    return error.kind in {Kind.UNAVAILABLE, Kind.RATE_LIMITED}
