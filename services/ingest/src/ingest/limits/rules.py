"""What counts against an upstream, and for how long it is left alone. Seconds."""

from enum import Enum, auto

from common.errors import DomainError
from ingest.errors import IncompleteItem, NoFreeSlot, UpstreamFailure, UpstreamThrottled

FAILURES_TO_OPEN = 3
FIRST_BACKOFF_SECONDS = 15.0
LONGEST_BACKOFF_SECONDS = 300.0
LONGEST_THROTTLE_SECONDS = 86_400.0
# A caller whose own deadline ends the call sooner than our timeouts would otherwise hide a
# hanging upstream from the circuit for ever. Less than the deadline of a search.
HANGING_SECONDS = 2.0
# Longer than any operation: after that the process of a probe must have died.
PROBE_SECONDS = 60.0


class Verdict(Enum):
    ANSWERED = auto()
    FAILED = auto()
    SAYS_NOTHING = auto()


def judge(error: DomainError) -> Verdict:
    """Only `UpstreamFailure` counts against the upstream: an item that does not exist, an input
    that it refuses and our own limits are no sign of its health."""
    if isinstance(error, NoFreeSlot):
        return Verdict.SAYS_NOTHING
    if isinstance(error, UpstreamFailure) and not isinstance(error, IncompleteItem):
        return Verdict.FAILED
    return Verdict.ANSWERED


def pause_asked_for(error: DomainError | None) -> float | None:
    """For how long the upstream itself wants to be left alone."""
    if isinstance(error, UpstreamThrottled) and error.retry_after is not None:
        return min(max(error.retry_after, 1.0), LONGEST_THROTTLE_SECONDS)
    return None
