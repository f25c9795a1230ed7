"""Wire the service together and run it."""

from functools import partial

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
from menus.clients import CatalogClient
from menus.consumers import HANDLERS
from menus.courses.servicer import CourseServicer
from menus.documents.servicer import PublicMenuServicer
from menus.models import Idempotency, Inbox, Outbox
from menus.servicer import MenuServicer
from menus.settings import Settings
from tastebuds.auth.v1 import key_service_pb2
from tastebuds.catalog.v1 import media_service_pb2
from tastebuds.menus.v1 import course_service_pb2, menu_service_pb2, public_menu_service_pb2
from tastebuds.menus.v1.course_service_pb2_grpc import add_CourseServiceServicer_to_server
from tastebuds.menus.v1.menu_service_pb2_grpc import add_MenuServiceServicer_to_server
from tastebuds.menus.v1.public_menu_service_pb2_grpc import add_PublicMenuServiceServicer_to_server

SERVICES = services_of(
    menu_service_pb2.DESCRIPTOR, course_service_pb2.DESCRIPTOR, public_menu_service_pb2.DESCRIPTOR
)


async def main() -> None:
    settings = Settings()
    telemetry.configure("menus", settings)
    tls, grace = settings.tls_dir, settings.shutdown_seconds
    async with (
        db.connect_when_ready(settings) as database,
        nats_client.connect_when_ready("menus", settings) as nats,
        create_channel(
            "auth", settings.auth_target, tls, services_of(key_service_pb2.DESCRIPTOR)
        ) as auth,
        create_channel(
            "catalog", settings.catalog_target, tls, services_of(media_service_pb2.DESCRIPTOR)
        ) as catalog,
    ):
        jetstream = nats.jetstream()
        await nats_client.declare_streams(jetstream, "menus")
        grpc = GrpcServer("menus", SERVICES, TokenVerifier(keys.from_auth(auth)))
        editing = (database, CatalogClient(catalog), settings.limits())
        add_MenuServiceServicer_to_server(MenuServicer(*editing), grpc.server)
        add_CourseServiceServicer_to_server(CourseServicer(*editing), grpc.server)
        add_PublicMenuServiceServicer_to_server(PublicMenuServicer(database), grpc.server)
        consumers = [
            Consumer("menus", stream, handlers, database, Inbox)
            for stream, handlers in by_stream(HANDLERS).items()
        ]
        checks: dict[str, ops_http.Check] = {
            "postgres": database.ping,
            "nats": partial(nats_client.ping, nats),
            "auth": partial(ping, auth),
            "catalog": partial(ping, catalog),
        }
        queues = Queues("menus", database, Outbox, jetstream, consumers)
        ops = ops_http.create_app(checks, queues.report)
        await process.run_parts(
            partial(grpc.serve, settings.grpc_listen, tls, grace=grace),
            partial(http_server.serve, ops, settings.ops_listen, grace=grace),
            Relay(database, jetstream, Outbox).run,
            Sweeper(database, Inbox.sweep).run,
            Sweeper(database, Idempotency.sweep).run,
            *(partial(consumer.run, jetstream) for consumer in consumers),
        )


if __name__ == "__main__":
    process.run(main)
