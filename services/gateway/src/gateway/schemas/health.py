"""How the gateway and the upstream sources are doing."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Self

from gateway.schemas.fields import Schema
from gateway.schemas.ingest import STATES, State
from gateway.schemas.wire import present, present_moment
from tastebuds.ingest.v1 import ingest_service_pb2 as wire

REPEATED = 3


class Circuit(Schema):
    failure_streak: int
    open_until: datetime | None
    remaining_cooldown: float
    current_backoff: float
    opened_count: int


class Operation(Schema):
    started: int
    succeeded: int
    failed: int
    skipped: int
    last_latency_ms: float | None
    last_error: str | None


class RepeatedFailure(Schema):
    operation: str
    failed: int


class SourceHealth(Schema):
    state: State
    off_reason: str | None
    circuit_open: bool
    circuit: Circuit
    operations: dict[str, Operation]
    failure_total: int
    last_error: str | None
    repeated_failure: RepeatedFailure | None

    @classmethod
    def of(cls, status: wire.SourceStatus) -> Self:
        worst = max(status.operations, key=lambda one: one.failed, default=None)
        repeated = worst is not None and worst.failed >= REPEATED
        return cls(
            state=STATES.get(status.state, "degraded"),
            off_reason=status.off_reason or None,
            circuit_open=status.state == wire.SOURCE_STATE_CIRCUIT_OPEN,
            circuit=Circuit(
                failure_streak=status.circuit.failure_streak,
                open_until=present_moment(status.circuit, "open_until"),
                remaining_cooldown=status.circuit.remaining_cooldown_seconds,
                current_backoff=status.circuit.current_backoff_seconds,
                opened_count=status.circuit.opened_count,
            ),
            operations={one.operation: _operation(one) for one in status.operations},
            failure_total=sum(one.failed for one in status.operations),
            last_error=status.last_error or None,
            repeated_failure=RepeatedFailure(operation=worst.operation, failed=worst.failed)
            if worst is not None and repeated
            else None,
        )


class Issue(Schema):
    source: str
    reason: Literal["circuit_open", "last_error", "repeated_failures", "unavailable"]
    operation: str | None = None
    error: str | None = None
    failed: int | None = None
    remaining_cooldown: float | None = None


class Ingestion(Schema):
    sources: dict[str, SourceHealth]
    issues: list[Issue]


class Health(Schema):
    status: Literal["ok", "degraded"]
    ingestion: Ingestion | None = None
    """Only for administrators and allow-listed addresses; left out for everybody else."""

    @classmethod
    def of(cls, statuses: Iterable[wire.SourceStatus]) -> Self:
        sources = {status.source: SourceHealth.of(status) for status in statuses}
        issues = [issue for name, source in sources.items() for issue in _issues(name, source)]
        return cls(
            status="degraded" if issues else "ok",
            ingestion=Ingestion(sources=sources, issues=issues),
        )

    @classmethod
    def without_ingest(cls) -> Self:
        issue = Issue(source="ingest", reason="unavailable", error="ingest does not answer")
        return cls(status="degraded", ingestion=Ingestion(sources={}, issues=[issue]))


def _operation(count: wire.OperationCount) -> Operation:
    return Operation(
        started=count.started,
        succeeded=count.succeeded,
        failed=count.failed,
        skipped=count.skipped,
        last_latency_ms=present(count, "last_latency_ms"),
        last_error=count.last_error or None,
    )


def _issues(name: str, source: SourceHealth) -> list[Issue]:
    """The most telling one per source; a source without its key is off, which is no fault."""
    if source.state in ("ok", "off"):
        return []
    if source.circuit_open:
        cooldown = source.circuit.remaining_cooldown
        return [Issue(source=name, reason="circuit_open", remaining_cooldown=cooldown)]
    if source.repeated_failure is not None:
        repeated = source.repeated_failure
        return [
            Issue(
                source=name,
                reason="repeated_failures",
                operation=repeated.operation,
                failed=repeated.failed,
                error=source.last_error,
            )
        ]
    return [Issue(source=name, reason="last_error", error=source.last_error)]
