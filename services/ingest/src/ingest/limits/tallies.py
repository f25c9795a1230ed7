"""What this process has asked of a source, operation by operation."""

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    started: int = 0
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    last_latency_ms: float | None = None
    last_error: str | None = None
