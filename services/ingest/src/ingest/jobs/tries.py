"""What a failed try means: whether another makes sense, and when."""

from typing import NamedTuple

from common.errors import DomainError
from ingest.errors import FetchQuotaExceeded, is_worth_waiting

WORDS_LENGTH = 500
MINUTE = 60.0
LONGEST_WAIT_SECONDS = 86_400.0
# Works that wait for the same thing come back over a time that grows with the wait, and slower
# than so many in a second.
SPREAD_SHARE = 0.25
RETURNS_PER_SECOND = 10.0
# All that a person is told of what is no failure of theirs or of a source.
OURS = "an error of ours"


class Setback(NamedTuple):
    """A failure in words, and the seconds until the next try; None when there shall be none.

    Not `counted`: nothing was asked of the source.
    """

    words: str
    after: float | None = None
    counted: bool = True


def judge(error: DomainError, *, backoff: float, cooldown: float) -> Setback:
    """`cooldown` is what is left of that of the source's circuit; both are seconds."""
    words = readable(error.message)
    if not is_worth_waiting(error):
        return Setback(words)
    asked = error.retry_after or 0.0
    if isinstance(error, FetchQuotaExceeded):  # the turn of each, without a crowd every minute
        return Setback(words, asked + MINUTE * error.minutes_ahead, counted=False)
    return Setback(words, min(max(backoff, asked, cooldown), LONGEST_WAIT_SECONDS))


def broken(trace_id: str | None, *, backoff: float) -> Setback:
    """A fault in here or in a peer, which may have been mended by the next try."""
    return Setback(f"{OURS} (trace {trace_id})" if trace_id else OURS, backoff)


def spread(seconds: float, crowd: int, draw: float) -> float:
    """The wait of one of `crowd` that wait for the same; `draw` is a random share of 1."""
    return seconds + draw * max(seconds * SPREAD_SHARE, crowd / RETURNS_PER_SECOND)


def readable(words: str) -> str:
    return storable(words)[:WORDS_LENGTH]


def storable(text: str) -> str:
    """Postgres stores no NUL."""
    return text.replace("\0", "")
