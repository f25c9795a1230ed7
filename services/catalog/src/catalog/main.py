"""Wire the catalogue together and run it."""

from catalog import servicers
from catalog.availability.servicer import AvailabilityServicer
from catalog.consumers import HANDLERS
from catalog.library.servicer import LibraryServicer
from catalog.loading.mending import Mender
from catalog.media.servicer import MediaServicer
from catalog.merging.servicer import MergeServicer
from catalog.models import Idempotency, Inbox, Outbox, SweepRun
from catalog.search.servicer import SearchServicer
from catalog.settings import Settings
from catalog.sweeps import sweeps
from catalog.tags.servicer import TagServicer
from catalog.taste.service import Profiles
from catalog.taste.servicer import TasteServicer
from common import data_service, keys, process
from common.access import services_of
from common.data_service import Duties
from common.grpc_client import create_channel
from common.grpc_server import GrpcServer
from common.identity import TokenVerifier
from common.tables import Tables
from tastebuds.auth.v1 import key_service_pb2

TABLES = Tables(Outbox, SweepRun, Inbox, Idempotency)


async def main() -> None:
    settings = Settings()
    async with (
        data_service.connect("catalog", settings) as service,
        create_channel(
            "auth", settings.auth_target, settings.tls_dir, services_of(key_service_pb2.DESCRIPTOR)
        ) as auth,
    ):
        database = service.database
        stays_true = settings.availability_stays_true()
        profiles = Profiles(settings.taste_profile_lifetime())
        grpc = GrpcServer("catalog", servicers.SERVICES, TokenVerifier(keys.from_auth(auth)))
        servicers.register(
            grpc.server,
            MediaServicer(database),
            MergeServicer(database),
            SearchServicer(database, stays_true),
            LibraryServicer(database),
            TagServicer(database),
            AvailabilityServicer(database, stays_true),
            TasteServicer(database, profiles),
        )
        mender = Mender(database)
        due = sweeps(settings.retention(), settings.deleted_menus(), profiles, mender)
        duties = Duties(TABLES, HANDLERS, sweeps=due, peers={"auth": auth})
        await service.run(grpc, duties, mender.run)


if __name__ == "__main__":
    process.run(main)
