"""Why what was posted is not taken in."""

from common.errors import DatabaseUnavailable, DomainError, Kind


class WebhookTokenNotFound(DomainError):
    """Unknown, revoked, or of another sender: a stranger does not learn which."""

    kind = Kind.NOT_FOUND
    reason = "WEBHOOK_TOKEN_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("Webhook token not found")


class BodyTooLarge(DomainError):
    kind = Kind.INVALID
    reason = "BODY_TOO_LARGE"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body may be at most {limit} bytes long.", limit=limit)


class BodyTooSlow(DomainError):
    kind = Kind.INVALID
    reason = "BODY_TOO_SLOW"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The body did not come within {seconds:g} seconds.", seconds=seconds)


class DoorCrowded(DomainError):
    """Bodies that are on their way take all the memory there is for them."""

    kind = Kind.UNAVAILABLE
    reason = "DOOR_CROWDED"

    def __init__(self) -> None:
        super().__init__("Too much comes in right now.", retry_after=1)


class DatabaseAway(DatabaseUnavailable):
    """Whether it stored the event before it went is not known."""

    def __init__(self) -> None:
        super().__init__(retry_after=5)
