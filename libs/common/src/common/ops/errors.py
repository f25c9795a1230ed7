"""What can be wrong with what an operator asks for."""

from common.errors import DomainError, Kind


class ConsumerNotFound(DomainError):
    kind = Kind.NOT_FOUND
    reason = "CONSUMER_NOT_FOUND"

    def __init__(self, stream: str, consumer: str) -> None:
        super().__init__("Consumer not found", stream=stream[:64], consumer=consumer[:64])


class SweepNotFound(DomainError):
    kind = Kind.NOT_FOUND
    reason = "SWEEP_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__("Sweep not found", name=name[:64])


class LaneGone(DomainError):
    kind = Kind.PRECONDITION
    reason = "LANE_GONE"

    def __init__(self, letter_id: int, subject: str) -> None:
        super().__init__(
            f"Nothing is replayed: dead letter {letter_id} is for {subject}, which no consumer of "
            "this service takes any more.",
            id=letter_id,
            subject=subject,
        )


class InvalidOperation(DomainError):
    kind = Kind.INVALID
    reason = "INVALID_OPERATION"

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field} must be {expected}.", field=field)


class NatsUnavailable(DomainError):
    kind = Kind.UNAVAILABLE
    reason = "NATS_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("The messages cannot be reached right now.", retry_after=2)
