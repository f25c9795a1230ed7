"""What this process has asked of a source, operation by operation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperationSnapshot:
    started: int
    succeeded: int
    failed: int
    skipped: int
    last_latency_ms: float | None
    last_error: str | None


@dataclass(slots=True)
class Tally:
    started: int = 0
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    last_latency_ms: float | None = None
    last_error: str | None = None

    def snapshot(self) -> OperationSnapshot:
        return OperationSnapshot(
            self.started,
            self.succeeded,
            self.failed,
            self.skipped,
            self.last_latency_ms,
            self.last_error,
        )
