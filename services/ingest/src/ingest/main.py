"""Wire the service together and run it."""

from contextlib import aclosing
from importlib.metadata import version

from common import data_service, keys, process
from common.data_service import Duties
from common.grpc_server import GrpcServer
from common.identity import TokenVerifier
from common.tables import Tables
from ingest import clients, connectors
from ingest.clients.catalog import CatalogClient
from ingest.clients.library import LibraryClient
from ingest.clients.menus import DraftsClient, MenusClient
from ingest.consumers import HANDLERS, lanes
from ingest.door.rush import Rush
from ingest.http import Doorway
from ingest.inbox.servicer import InboxServicer
from ingest.integrations.servicer import IntegrationServicer
from ingest.jobs.consumers import DueItems
from ingest.jobs.servicer import JobServicer
from ingest.models import Idempotency, Inbox, Outbox, SweepRun
from ingest.previews.servicer import PreviewServicer
from ingest.refreshes.consumers import Refreshes
from ingest.service import Allowances
from ingest.servicer import IngestServicer
from ingest.servicers import SERVICES, register
from ingest.settings import Settings
from ingest.sweeps import sweeps
from ingest.webhooks.consumers import WebhookJobs
from ingest.webhooks.effects import Peers
from ingest.webhooks.matching import Matcher
from ingest.webhooks.senders import SENDERS
from ingest.webhooks.service import Desk


async def main() -> None:
    settings = Settings()
    agent = connectors.user_agent(version("tastebuds-ingest"), settings.contact)
    async with (
        data_service.connect("ingest", settings) as service,
        clients.connect(settings.targets(), settings.tls_dir) as peers,
        aclosing(connectors.build(settings, service.database, agent, settings.patience())) as on,
    ):
        database = service.database
        grpc = GrpcServer("ingest", SERVICES, TokenVerifier(keys.from_auth(peers["auth"])))
        catalog, library = CatalogClient(peers["catalog"]), LibraryClient(peers["catalog"])
        known = catalog, Allowances(database, settings.fetches_per_minute)
        most_jobs, most_kept = settings.max_unfinished_jobs, settings.webhook_kept_body_bytes
        own = settings.webhook_url(), settings.integrations_per_person
        register(
            grpc.server,
            IngestServicer(on, *known, database, most_jobs),
            JobServicer(database, on, most_jobs),
            IntegrationServicer(database, SENDERS, MenusClient(peers["menus"]), *own),
            InboxServicer(database, on, SENDERS, library, most_kept),
            PreviewServicer.of(on, *known, database, settings.search_terms()),
        )
        acting = Peers(library, DraftsClient(peers["menus"]))
        desk = Desk(database, SENDERS, Matcher(database, on, *known), acting, most_kept)
        works, rush = (DueItems(database, on, *known), Refreshes(database, on, catalog)), Rush()
        duties = Duties(
            Tables(Outbox, SweepRun, Inbox, Idempotency),
            handlers=HANDLERS,
            lanes=lanes(*works, WebhookJobs(desk, rush), settings.job_max_attempts),
            sweeps=sweeps(settings.retention(), on),
            peers=peers,
        )
        doorway = Doorway(
            listen=settings.webhook_listen,
            database_url=settings.database_url,
            trusted_proxies=settings.trusted_proxies,
            grace=settings.shutdown_seconds,
            rush=rush,
        )
        await service.run(grpc, duties, doorway.serve)


if __name__ == "__main__":
    process.run(main)
