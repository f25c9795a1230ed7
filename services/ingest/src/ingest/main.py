"""Wire the service together and run it."""

from contextlib import aclosing
from importlib.metadata import version

from common import data_service, keys, process
from common.access import services_of
from common.data_service import Duties
from common.grpc_client import create_channel
from common.grpc_server import GrpcServer
from common.identity import TokenVerifier
from common.tables import Tables
from ingest import connectors
from ingest.clients import CatalogClient
from ingest.consumers import HANDLERS, lanes
from ingest.jobs.consumers import DueItems
from ingest.models import Idempotency, Inbox, Outbox, SweepRun
from ingest.service import Allowances
from ingest.servicer import IngestServicer
from ingest.settings import Settings
from ingest.sweeps import sweeps
from tastebuds.auth.v1 import key_service_pb2
from tastebuds.catalog.v1 import media_service_pb2
from tastebuds.ingest.v1 import ingest_service_pb2
from tastebuds.ingest.v1.ingest_service_pb2_grpc import add_IngestServiceServicer_to_server
from tastebuds.ops.v1 import ops_service_pb2

SERVICES = services_of(ingest_service_pb2.DESCRIPTOR, ops_service_pb2.DESCRIPTOR)
TABLES = Tables(Outbox, SweepRun, Inbox, Idempotency)


async def main() -> None:
    settings = Settings()
    tls = settings.tls_dir
    agent = connectors.user_agent(version("tastebuds-ingest"), settings.contact)
    async with (
        data_service.connect("ingest", settings) as service,
        create_channel(
            "auth", settings.auth_target, tls, services_of(key_service_pb2.DESCRIPTOR)
        ) as auth,
        create_channel(
            "catalog", settings.catalog_target, tls, services_of(media_service_pb2.DESCRIPTOR)
        ) as catalog,
        aclosing(connectors.build(settings, user_agent=agent, patience=settings.patience())) as on,
    ):
        database = service.database
        grpc = GrpcServer("ingest", SERVICES, TokenVerifier(keys.from_auth(auth)))
        known = CatalogClient(catalog), Allowances(database, settings.fetches_per_minute)
        servicer = IngestServicer(on, *known, database, settings.max_unfinished_jobs)
        add_IngestServiceServicer_to_server(servicer, grpc.server)
        duties = Duties(
            TABLES,
            handlers=HANDLERS,
            lanes=lanes(DueItems(database, on, *known), settings.job_max_attempts),
            sweeps=sweeps(settings.retention()),
            peers={"auth": auth, "catalog": catalog},
        )
        await service.run(grpc, duties)


if __name__ == "__main__":
    process.run(main)
