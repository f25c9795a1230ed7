"""What can have become of a webhook event."""

from enum import StrEnum


class EventState(StrEnum):
    RECEIVED = "received"
    WAITING = "waiting"
    NEEDS_MATCH = "needs_match"
    DONE = "done"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    TEST = "test"
    UNDO_OFFERED = "undo_offered"
    FAILED = "failed"
    DISMISSED = "dismissed"

    @property
    def is_over(self) -> bool:
        """Nobody waits for anything, so what still comes for the event changes nothing."""
        return self in OVER


OVER = frozenset(
    {
        EventState.DONE,
        EventState.IGNORED,
        EventState.DUPLICATE,
        EventState.TEST,
        EventState.DISMISSED,
    }
)
