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
from ingest.clients import CatalogClient, DraftsClient, LibraryClient
from ingest.consumers import HANDLERS, lanes
from ingest.jobs.consumers import DueItems
from ingest.models import Idempotency, Inbox, Outbox, SweepRun
from ingest.service import Allowances
from ingest.servicer import IngestServicer
from ingest.settings import Settings
from ingest.sweeps import sweeps
from ingest.webhooks.consumers import WebhookJobs
from ingest.webhooks.effects import Peers
from ingest.webhooks.matching import Matcher
from ingest.webhooks.senders import SENDERS
from ingest.webhooks.service import Desk
from tastebuds.auth.v1 import key_service_pb2
from tastebuds.catalog.v1 import library_service_pb2, media_service_pb2
from tastebuds.ingest.v1 import ingest_service_pb2
from tastebuds.ingest.v1.ingest_service_pb2_grpc import add_IngestServiceServicer_to_server
from tastebuds.menus.v1 import draft_service_pb2
from tastebuds.ops.v1 import ops_service_pb2

SERVICES = services_of(ingest_service_pb2.DESCRIPTOR, ops_service_pb2.DESCRIPTOR)
CATALOG = services_of(media_service_pb2.DESCRIPTOR, library_service_pb2.DESCRIPTOR)
DRAFTS = services_of(draft_service_pb2.DESCRIPTOR)
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
        create_channel("catalog", settings.catalog_target, tls, CATALOG) as catalog,
        create_channel("menus", settings.menus_target, tls, DRAFTS) as menus,
        aclosing(connectors.build(settings, user_agent=agent, patience=settings.patience())) as on,
    ):
        database = service.database
        grpc = GrpcServer("ingest", SERVICES, TokenVerifier(keys.from_auth(auth)))
        known = CatalogClient(catalog), Allowances(database, settings.fetches_per_minute)
        servicer = IngestServicer(on, *known, database, settings.max_unfinished_jobs)
        add_IngestServiceServicer_to_server(servicer, grpc.server)
        desk = Desk(
            database,
            SENDERS,
            Matcher(database, on, *known),
            Peers(LibraryClient(catalog), DraftsClient(menus)),
            settings.webhook_kept_body_bytes,
        )
        works = DueItems(database, on, *known)
        duties = Duties(
            TABLES,
            handlers=HANDLERS,
            lanes=lanes(works, WebhookJobs(desk), settings.job_max_attempts),
            sweeps=sweeps(settings.retention()),
            peers={"auth": auth, "catalog": catalog, "menus": menus},
        )
        await service.run(grpc, duties)


if __name__ == "__main__":
    process.run(main)
