"""Wire the catalogue together and run it."""

from catalog.consumers import HANDLERS
from catalog.library.servicer import LibraryServicer
from catalog.media.servicer import MediaServicer
from catalog.models import Inbox, Outbox, SweepRun
from catalog.search.servicer import SearchServicer
from catalog.settings import Settings
from common import data_service, keys, process
from common.access import services_of
from common.data_service import Duties
from common.grpc_client import create_channel
from common.grpc_server import GrpcServer
from common.identity import TokenVerifier
from common.tables import Tables
from tastebuds.auth.v1 import key_service_pb2
from tastebuds.catalog.v1 import library_service_pb2, media_service_pb2, search_service_pb2
from tastebuds.catalog.v1.library_service_pb2_grpc import add_LibraryServiceServicer_to_server
from tastebuds.catalog.v1.media_service_pb2_grpc import add_MediaServiceServicer_to_server
from tastebuds.catalog.v1.search_service_pb2_grpc import add_SearchServiceServicer_to_server
from tastebuds.ops.v1 import ops_service_pb2

SERVICES = services_of(
    library_service_pb2.DESCRIPTOR,
    media_service_pb2.DESCRIPTOR,
    search_service_pb2.DESCRIPTOR,
    ops_service_pb2.DESCRIPTOR,
)
TABLES = Tables(Outbox, SweepRun, Inbox)


async def main() -> None:
    settings = Settings()
    async with (
        data_service.connect("catalog", settings) as service,
        create_channel(
            "auth", settings.auth_target, settings.tls_dir, services_of(key_service_pb2.DESCRIPTOR)
        ) as auth,
    ):
        database = service.database
        grpc = GrpcServer("catalog", SERVICES, TokenVerifier(keys.from_auth(auth)))
        add_MediaServiceServicer_to_server(MediaServicer(database), grpc.server)
        add_SearchServiceServicer_to_server(SearchServicer(database), grpc.server)
        add_LibraryServiceServicer_to_server(LibraryServicer(database), grpc.server)
        await service.run(grpc, Duties(TABLES, HANDLERS, peers={"auth": auth}))


if __name__ == "__main__":
    process.run(main)
