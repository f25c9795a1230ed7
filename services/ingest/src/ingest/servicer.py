"""gRPC in, gRPC out: translate, call the service."""

from dataclasses import dataclass
from typing import Any

from grpc.aio import AioRpcError

from common.db import Database
from common.errors import DomainError
from common.grpc_errors import from_rpc_error
from common.jobs import BACKOFF_SECONDS
from common.requests import current_caller
from common.timestamps import timestamp
from ingest import service
from ingest.clients.catalog import CatalogClient
from ingest.connectors import CONNECTORS, Connectors, identifier
from ingest.drafts import Source
from ingest.errors import CircuitOpen, NoFreeSlot, UpstreamFailure, is_worth_waiting
from ingest.jobs import entries
from ingest.jobs import service as jobs
from ingest.jobs.messages import from_job, to_wanted
from ingest.jobs.tries import judge
from ingest.jobs.views import JobView
from ingest.limits.circuit import CircuitSnapshot
from ingest.limits.health import State
from ingest.limits.tallies import Tally
from ingest.previews import service as previews
from ingest.previews.saving import FETCHING_SECONDS, save_as_shown
from ingest.previews.shown import Shown, preview_id
from ingest.service import Allowances, Wanted
from tastebuds.ingest.v1 import ingest_service_pb2 as pb
from tastebuds.ingest.v1.ingest_service_pb2_grpc import IngestServiceServicer

AWAY = UpstreamFailure, CircuitOpen, NoFreeSlot


@dataclass(frozen=True, slots=True)
class IngestServicer(IngestServiceServicer):
    connectors: Connectors
    catalog: CatalogClient
    allowances: Allowances
    database: Database
    most_unfinished_jobs: int
    # Who asked for a job instead of an error does not wait out an upstream that hangs.
    deferred_after_seconds: float = 10.0

    async def IngestMedia(
        self, request: pb.IngestMediaRequest, context: Any
    ) -> pb.IngestMediaResponse:
        wanted = to_wanted(request)
        reply = pb.IngestMediaResponse(source_name=request.source)
        shown = await self._shown(wanted)
        patience = self.deferred_after_seconds if request.defer else None
        try:
            async with service.within(FETCHING_SECONDS if shown else patience, wanted.source):
                stored = await service.ingest(
                    wanted,
                    caller_id=current_caller().user_id,
                    connectors=self.connectors,
                    catalog=self.catalog,
                    allowances=self.allowances,
                )
        except (DomainError, AioRpcError) as error:
            failure = error if isinstance(error, DomainError) else from_rpc_error(error)
            if failure is None or not is_worth_waiting(failure):
                raise
            if shown is not None and isinstance(failure, AWAY):
                stored = await save_as_shown(shown, self.catalog, self.database)
            elif request.defer:
                reply.job.CopyFrom(from_job(await self._defer(wanted, failure)))
                return reply
            else:
                raise
        reply.item.CopyFrom(stored.item)
        reply.sources.extend(stored.sources)
        return reply

    async def _shown(self, wanted: Wanted) -> Shown | None:
        """What the caller was just shown of it, which is kept while its source is away."""
        if wanted.refresh:
            return None
        connector = self.connectors.pick(wanted.source)
        named = identifier(connector, wanted.external_id, wanted.url)
        user_id = current_caller().user_id
        mine = preview_id(user_id, connector.source, named)
        async with self.database.readers() as session:
            return await previews.recall(session, user_id=user_id, preview_id=mine)

    async def _defer(self, wanted: Wanted, failure: DomainError) -> JobView:
        """Try later what failed just now."""
        work = entries.read(wanted, self.connectors, "external_id")
        cooldown = await self.connectors.cooldown(wanted.source)
        setback = judge(failure, backoff=BACKOFF_SECONDS[0], cooldown=cooldown)
        async with self.database.sessions.begin() as session:
            return await jobs.start(
                session,
                user_id=current_caller().user_id,
                works=[work._replace(setback=setback)],
                most_unfinished=self.most_unfinished_jobs,
            )

    async def ListSources(
        self, request: pb.ListSourcesRequest, context: Any
    ) -> pb.ListSourcesResponse:
        circuits = await self.connectors.circuits()
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
        operations=[_operation(name, tally) for name, tally in circuit.operations.items()],
        last_error=circuit.last_error or "",
    )


def _operation(name: str, tally: Tally) -> pb.OperationCount:
    return pb.OperationCount(
        operation=name,
        started=tally.started,
        succeeded=tally.succeeded,
        failed=tally.failed,
        skipped=tally.skipped,
        last_latency_ms=tally.last_latency_ms,
        last_error=tally.last_error or "",
    )
