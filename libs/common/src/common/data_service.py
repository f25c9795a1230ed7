"""What every service that owns data consists of; its main adds what is its own."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from google.protobuf.message import Message
from grpc.aio import Channel
from nats.aio.client import Client

from common import (
    db,
    grpc_client,
    http_server,
    nats_client,
    ops_http,
    presence,
    process,
    sweep_schedules,
    telemetry,
)
from common.consumer_queues import counters_of
from common.consuming import Consumer, Replayer
from common.db import Database
from common.durables import Durable
from common.grpc_server import GrpcServer
from common.handlers import Handlers, by_stream
from common.housekeeping import housekeeping
from common.jobs import Jobs, Lane
from common.mending import DeadLetters
from common.ops.messages import Kinds
from common.ops.servicer import OpsServicer
from common.ops_http import Check
from common.outbox import Relay
from common.process import Part
from common.queues import Queues
from common.settings import DataServiceSettings
from common.sweeps import LANE, Sweep, Sweeps
from common.tables import Tables
from common.working import Worker
from tastebuds.ops.v1.ops_service_pb2_grpc import add_OpsServiceServicer_to_server
from tastebuds.ops.v1.sweep_pb2 import SweepDue


@dataclass(frozen=True, slots=True)
class Duties:
    """What a service does besides answering calls, and the peers it cannot do without."""

    tables: Tables
    handlers: Handlers = field(default_factory=dict)
    lanes: Mapping[Lane, Jobs] = field(default_factory=dict)
    sweeps: Sequence[Sweep] = ()
    peers: Mapping[str, Channel] = field(default_factory=dict)

    def kinds(self) -> Kinds:
        """Of the messages that it takes, as the ends of their subjects name them."""
        jobs = [kind for some in self.lanes.values() for kind in some]
        taken: list[type[Message]] = [*self.handlers, *jobs, SweepDue]
        return {kind.DESCRIPTOR.name: kind for kind in taken}


@dataclass(frozen=True, slots=True)
class DataService:
    """A process of a service, connected to its database and to NATS."""

    name: str
    settings: DataServiceSettings
    database: Database
    nats: Client

    async def run(self, grpc: GrpcServer, duties: Duties, *more: Part) -> None:
        """Until the process is told to stop. `more` are parts that only this service has."""
        jetstream, tables, settings = self.nats.jetstream(), duties.tables, self.settings
        kept = timedelta(days=settings.dead_letters_kept_days)
        letters = DeadLetters(jetstream, self.name)
        due = [*housekeeping(tables, letters, kept), *duties.sweeps]
        sweeps = Sweeps(self.name, due, self.database, jetstream, tables.sweep_runs)
        consumers = self._consumers(duties, sweeps)
        states = [consumer.state for consumer in consumers]
        queues = Queues(self.name, self.database, tables, self.nats, states, due)
        operators = OpsServicer(queues, sweeps, letters, duties.kinds())
        add_OpsServiceServicer_to_server(operators, grpc.server)
        ops = ops_http.create_app(self._checks(duties), queues.report)
        await sweep_schedules.declare(jetstream, sweeps)
        await sweeps.run_at_start()
        await presence.announce(
            self.nats, self.name, lambda: [counters_of(consumer.state) for consumer in consumers]
        )
        grace = settings.shutdown_seconds
        await process.run_parts(
            partial(grpc.serve, settings.grpc_listen, settings.tls_dir, grace=grace),
            partial(http_server.serve, ops, settings.ops_listen, grace=grace),
            Relay(self.database, jetstream, tables.outbox).run,
            *(partial(consumer.run, jetstream) for consumer in consumers),
            *more,
        )

    def _consumers(self, duties: Duties, sweeps: Sweeps) -> list[Durable]:
        """One of each stream that is listened to, and one of each lane."""
        grace = self.settings.shutdown_seconds
        consumers: list[Durable] = [
            Worker(self.name, lane, jobs, grace=grace)
            for lane, jobs in ({LANE: sweeps.jobs} | dict(duties.lanes)).items()
        ]
        handlers, inbox = duties.handlers, duties.tables.inbox
        if inbox is not None:
            consumers += [
                Consumer(self.name, stream, some, self.database, inbox, grace=grace)
                for stream, some in by_stream(handlers).items()
            ]
            consumers.append(Replayer(self.name, handlers, self.database, inbox, grace=grace))
        return consumers

    def _checks(self, duties: Duties) -> Mapping[str, Check]:
        return {
            "postgres": self.database.ping,
            "nats": partial(nats_client.ping, self.nats),
            **{peer: partial(grpc_client.ping, channel) for peer, channel in duties.peers.items()},
        }


@asynccontextmanager
async def connect(name: str, settings: DataServiceSettings) -> AsyncIterator[DataService]:
    """Once Postgres and NATS answer."""
    telemetry.configure(name, settings)
    async with (
        db.connect_when_ready(settings) as database,
        nats_client.connect_when_ready(name, settings) as nats,
    ):
        await nats_client.declare_streams(nats.jetstream(), name)
        yield DataService(name, settings, database, nats)
