"""Wire the service together and run it."""

from contextlib import aclosing
from functools import partial
from importlib.metadata import version

from common import db, http_server, keys, nats_client, ops_http, process, telemetry
from common.access import services_of
from common.consuming import Consumer
from common.grpc_client import create_channel, ping
from common.grpc_server import GrpcServer
from common.handlers import by_stream
from common.identity import TokenVerifier
from common.queues import Queues
from common.sweeping import Sweeper
from ingest import connectors
from ingest.clients import CatalogClient
from ingest.consumers import HANDLERS
from ingest.models import Inbox
from ingest.service import Allowances
from ingest.servicer import IngestServicer
from ingest.settings import Settings
from tastebuds.auth.v1 import key_service_pb2
from tastebuds.catalog.v1 import media_service_pb2
from tastebuds.ingest.v1 import ingest_service_pb2
from tastebuds.ingest.v1.ingest_service_pb2_grpc import add_IngestServiceServicer_to_server


async def main() -> None:
    settings = Settings()
    telemetry.configure("ingest", settings)
    tls, grace = settings.tls_dir, settings.shutdown_seconds
    agent = connectors.user_agent(version("tastebuds-ingest"), settings.contact)
    async with (
        db.connect_when_ready(settings) as database,
        nats_client.connect_when_ready("ingest", settings) as nats,
        create_channel(
            "auth", settings.auth_target, tls, services_of(key_service_pb2.DESCRIPTOR)
        ) as auth,
        create_channel(
            "catalog", settings.catalog_target, tls, services_of(media_service_pb2.DESCRIPTOR)
        ) as catalog,
        aclosing(connectors.build(settings, user_agent=agent, patience=settings.patience())) as on,
    ):
        jetstream = nats.jetstream()
        await nats_client.declare_streams(jetstream, "ingest")
        services = services_of(ingest_service_pb2.DESCRIPTOR)
        grpc = GrpcServer("ingest", services, TokenVerifier(keys.from_auth(auth)))
        known = CatalogClient(catalog), Allowances(database, settings.fetches_per_minute)
        servicer = IngestServicer(on, *known, database, settings.max_unfinished_jobs)
        add_IngestServiceServicer_to_server(servicer, grpc.server)
        consumers = [
            Consumer("ingest", stream, handlers, database, Inbox)
            for stream, handlers in by_stream(HANDLERS).items()
        ]
        checks: dict[str, ops_http.Check] = {
            "postgres": database.ping,
            "nats": partial(nats_client.ping, nats),
            "auth": partial(ping, auth),
            "catalog": partial(ping, catalog),
        }
        queues = Queues("ingest", database, None, jetstream, consumers)
        ops = ops_http.create_app(checks, queues.report)
        await process.run_parts(
            partial(grpc.serve, settings.grpc_listen, tls, grace=grace),
            partial(http_server.serve, ops, settings.ops_listen, grace=grace),
            Sweeper(database, Inbox.sweep).run,
            *(partial(consumer.run, jetstream) for consumer in consumers),
        )


if __name__ == "__main__":
    process.run(main)
