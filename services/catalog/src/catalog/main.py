"""Wire the catalogue together and run it."""

from functools import partial

from catalog.consumers import HANDLERS
from catalog.library.servicer import LibraryServicer
from catalog.media.servicer import MediaServicer
from catalog.models import Inbox, Outbox
from catalog.search.servicer import SearchServicer
from catalog.settings import Settings
from common import db, http_server, keys, nats_client, ops_http, process, telemetry
from common.access import services_of
from common.consuming import Consumer
from common.grpc_client import create_channel, ping
from common.grpc_server import GrpcServer
from common.handlers import by_stream
from common.identity import TokenVerifier
from common.outbox import Relay
from common.queues import Queues
from common.sweeping import Sweeper
from tastebuds.auth.v1 import key_service_pb2
from tastebuds.catalog.v1 import library_service_pb2, media_service_pb2, search_service_pb2
from tastebuds.catalog.v1.library_service_pb2_grpc import add_LibraryServiceServicer_to_server
from tastebuds.catalog.v1.media_service_pb2_grpc import add_MediaServiceServicer_to_server
from tastebuds.catalog.v1.search_service_pb2_grpc import add_SearchServiceServicer_to_server

SERVICES = services_of(
    library_service_pb2.DESCRIPTOR, media_service_pb2.DESCRIPTOR, search_service_pb2.DESCRIPTOR
)


async def main() -> None:
    settings = Settings()
    telemetry.configure("catalog", settings)
    tls, grace = settings.tls_dir, settings.shutdown_seconds
    async with (
        db.connect_when_ready(settings) as database,
        nats_client.connect_when_ready("catalog", settings) as nats,
        create_channel(
            "auth", settings.auth_target, tls, services_of(key_service_pb2.DESCRIPTOR)
        ) as auth,
    ):
        jetstream = nats.jetstream()
        await nats_client.declare_streams(jetstream, "catalog")
        grpc = GrpcServer("catalog", SERVICES, TokenVerifier(keys.from_auth(auth)))
        add_MediaServiceServicer_to_server(MediaServicer(database), grpc.server)
        add_SearchServiceServicer_to_server(SearchServicer(database), grpc.server)
        add_LibraryServiceServicer_to_server(LibraryServicer(database), grpc.server)
        consumers = [
            Consumer("catalog", stream, handlers, database, Inbox)
            for stream, handlers in by_stream(HANDLERS).items()
        ]
        checks: dict[str, ops_http.Check] = {
            "postgres": database.ping,
            "nats": partial(nats_client.ping, nats),
            "auth": partial(ping, auth),
        }
        queues = Queues("catalog", database, Outbox, jetstream, consumers)
        ops = ops_http.create_app(checks, queues.report)
        await process.run_parts(
            partial(grpc.serve, settings.grpc_listen, tls, grace=grace),
            partial(http_server.serve, ops, settings.ops_listen, grace=grace),
            Relay(database, jetstream, Outbox).run,
            Sweeper(database, Inbox.sweep).run,
            *(partial(consumer.run, jetstream) for consumer in consumers),
        )


if __name__ == "__main__":
    process.run(main)
