"""What can go wrong with a search outside and with what it showed."""

from uuid import UUID

from common.errors import DomainError, Kind


class EmptyQuery(DomainError):
    kind = Kind.INVALID
    reason = "EMPTY_QUERY"

    def __init__(self) -> None:
        super().__init__("A search needs at least one character.", field="query")


class QueryTooLong(DomainError):
    kind = Kind.INVALID
    reason = "QUERY_TOO_LONG"

    def __init__(self, limit: int) -> None:
        super().__init__(f"query may have at most {limit} characters.", field="query", limit=limit)


class UnknownMediaType(DomainError):
    kind = Kind.INVALID
    reason = "UNKNOWN_MEDIA_TYPE"

    def __init__(self, value: int) -> None:
        super().__init__(f"Unknown media type: {value}", field="media_types", value=value)


class HitsOutOfRange(DomainError):
    kind = Kind.INVALID
    reason = "HITS_OUT_OF_RANGE"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"hits_per_source must be 1 to {limit}.", field="hits_per_source", limit=limit
        )


class SearchQuotaExceeded(DomainError):
    kind = Kind.RATE_LIMITED
    reason = "SEARCH_QUOTA_EXCEEDED"

    def __init__(self, per_minute: int, retry_after: float) -> None:
        super().__init__(
            f"External search quota exceeded ({per_minute} requests per 60s)",
            retry_after=retry_after,
            per_minute=per_minute,
        )


class PreviewNotFound(DomainError):
    """Also for a preview of somebody else."""

    kind = Kind.NOT_FOUND
    reason = "PREVIEW_NOT_FOUND"

    def __init__(self, preview_id: UUID) -> None:
        super().__init__("Preview not found", preview_id=preview_id)


class PreviewExpired(DomainError):
    kind = Kind.NOT_FOUND
    reason = "PREVIEW_EXPIRED"

    def __init__(self, preview_id: UUID) -> None:
        super().__init__("Preview expired", preview_id=preview_id)


class NothingToSave(DomainError):
    kind = Kind.INVALID
    reason = "NOTHING_TO_SAVE"

    def __init__(self) -> None:
        super().__init__("preview_ids must hold at least one.", field="preview_ids")
