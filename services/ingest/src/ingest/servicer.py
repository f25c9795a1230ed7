"""gRPC in, gRPC out: translate, call the service."""

from dataclasses import dataclass
from typing import Any

from common.requests import current_caller
from common.timestamps import timestamp
from ingest import service
from ingest.circuit import CircuitSnapshot, OperationSnapshot, State
from ingest.clients import CatalogClient
from ingest.connectors import CONNECTORS, Connectors
from ingest.drafts import Source
from ingest.service import Allowances, Wanted
from tastebuds.ingest.v1 import ingest_service_pb2 as pb
from tastebuds.ingest.v1.ingest_service_pb2_grpc import IngestServiceServicer


@dataclass(frozen=True, slots=True)
class IngestServicer(IngestServiceServicer):
    connectors: Connectors
    catalog: CatalogClient
    allowances: Allowances

    async def IngestMedia(
        self, request: pb.IngestMediaRequest, context: Any
    ) -> pb.IngestMediaResponse:
        wanted = Wanted(
            source=request.source,
            external_id=request.external_id if request.HasField("external_id") else None,
            url=request.url if request.HasField("url") else None,
            refresh=request.force_refresh,
        )
        stored = await service.ingest(
            wanted,
            caller_id=current_caller().user_id,
            connectors=self.connectors,
            catalog=self.catalog,
            allowances=self.allowances,
        )
        return pb.IngestMediaResponse(
            item=stored.item, sources=stored.sources, source_name=request.source
        )

    async def ListSources(
        self, request: pb.ListSourcesRequest, context: Any
    ) -> pb.ListSourcesResponse:
        circuits = self.connectors.circuits()
        return pb.ListSourcesResponse(
            sources=[
                _on(source, circuits[source])
                if source in circuits
                else pb.SourceStatus(
                    source=source,
                    state=pb.SOURCE_STATE_OFF,
                    off_reason=self.connectors.off[source],
                )
                for source in CONNECTORS
            ]
        )


def _on(source: Source, circuit: CircuitSnapshot) -> pb.SourceStatus:
    state = pb.SOURCE_STATE_OK
    if circuit.state is not State.CLOSED:
        state = pb.SOURCE_STATE_CIRCUIT_OPEN
    elif circuit.last_error:
        state = pb.SOURCE_STATE_DEGRADED
    return pb.SourceStatus(
        source=source,
        state=state,
        circuit=pb.Circuit(
            failure_streak=circuit.failure_streak,
            open_until=timestamp(circuit.open_until) if circuit.open_until else None,
            remaining_cooldown_seconds=circuit.remaining_cooldown,
            current_backoff_seconds=circuit.current_backoff,
            opened_count=circuit.opened_count,
        ),
        operations=[_operation(name, count) for name, count in circuit.operations.items()],
        last_error=circuit.last_error or "",
    )


def _operation(name: str, count: OperationSnapshot) -> pb.OperationCount:
    return pb.OperationCount(
        operation=name,
        started=count.started,
        succeeded=count.succeeded,
        failed=count.failed,
        skipped=count.skipped,
        last_latency_ms=count.last_latency_ms,
        last_error=count.last_error or "",
    )
