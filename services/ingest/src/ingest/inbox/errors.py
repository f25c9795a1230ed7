"""What can go wrong with what stands in the inbox."""

from uuid import UUID

from common.errors import DomainError, Kind


class WebhookEventNotFound(DomainError):
    """Also for an event of somebody else."""

    kind = Kind.NOT_FOUND
    reason = "WEBHOOK_EVENT_NOT_FOUND"

    def __init__(self, webhook_event_id: UUID) -> None:
        super().__init__("Webhook event not found", webhook_event_id=webhook_event_id)


class WorkRequired(DomainError):
    """Which work was meant is said in one way, and in one only."""

    kind = Kind.INVALID
    reason = "WORK_REQUIRED"

    def __init__(self) -> None:
        super().__init__("Either media_item_id or source and external_id must be given.")


class EventHasNoWork(DomainError):
    kind = Kind.PRECONDITION
    reason = "EVENT_HAS_NO_WORK"

    def __init__(self) -> None:
        super().__init__("This event is about no work, so none can be chosen for it.")


class BodyNotKept(DomainError):
    kind = Kind.PRECONDITION
    reason = "BODY_NOT_KEPT"

    def __init__(self) -> None:
        super().__init__("The body of this event is not kept any more.")


class NothingOffered(DomainError):
    kind = Kind.PRECONDITION
    reason = "NOTHING_OFFERED"

    def __init__(self) -> None:
        super().__init__("This event offers no undo.")
