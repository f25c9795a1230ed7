"""Wire the service together and run it."""

from common import data_service, keys, process
from common.access import services_of
from common.data_service import Duties
from common.grpc_client import create_channel
from common.grpc_server import GrpcServer
from common.identity import TokenVerifier
from common.tables import Tables
from menus.arrivals.servicer import DraftServicer
from menus.clients import CatalogClient
from menus.consumers import HANDLERS
from menus.courses.servicer import CourseServicer
from menus.documents.servicer import PublicMenuServicer
from menus.models import Idempotency, Inbox, Outbox, SweepRun
from menus.servicer import MenuServicer
from menus.settings import Settings
from menus.sweeps import sweeps
from tastebuds.auth.v1 import key_service_pb2
from tastebuds.catalog.v1 import media_service_pb2
from tastebuds.menus.v1 import (
    course_service_pb2,
    draft_service_pb2,
    menu_service_pb2,
    public_menu_service_pb2,
)
from tastebuds.menus.v1.course_service_pb2_grpc import add_CourseServiceServicer_to_server
from tastebuds.menus.v1.draft_service_pb2_grpc import add_DraftServiceServicer_to_server
from tastebuds.menus.v1.menu_service_pb2_grpc import add_MenuServiceServicer_to_server
from tastebuds.menus.v1.public_menu_service_pb2_grpc import add_PublicMenuServiceServicer_to_server
from tastebuds.ops.v1 import ops_service_pb2

SERVICES = services_of(
    menu_service_pb2.DESCRIPTOR,
    course_service_pb2.DESCRIPTOR,
    draft_service_pb2.DESCRIPTOR,
    public_menu_service_pb2.DESCRIPTOR,
    ops_service_pb2.DESCRIPTOR,
)
TABLES = Tables(Outbox, SweepRun, Inbox, Idempotency)


async def main() -> None:
    settings = Settings()
    tls = settings.tls_dir
    async with (
        data_service.connect("menus", settings) as service,
        create_channel(
            "auth", settings.auth_target, tls, services_of(key_service_pb2.DESCRIPTOR)
        ) as auth,
        create_channel(
            "catalog", settings.catalog_target, tls, services_of(media_service_pb2.DESCRIPTOR)
        ) as catalog,
    ):
        database = service.database
        grpc = GrpcServer("menus", SERVICES, TokenVerifier(keys.from_auth(auth)))
        editing = (database, CatalogClient(catalog), settings.limits())
        add_MenuServiceServicer_to_server(MenuServicer(*editing), grpc.server)
        add_CourseServiceServicer_to_server(CourseServicer(*editing), grpc.server)
        add_DraftServiceServicer_to_server(DraftServicer(*editing), grpc.server)
        add_PublicMenuServiceServicer_to_server(PublicMenuServicer(database), grpc.server)
        peers = {"auth": auth, "catalog": catalog}
        await service.run(grpc, Duties(TABLES, HANDLERS, sweeps=sweeps(), peers=peers))


if __name__ == "__main__":
    process.run(main)
