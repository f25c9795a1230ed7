"""The services behind the gateway: one long-lived channel each."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from grpc.aio import Channel

from common.access import services_of
from common.grpc_client import create_channel
from gateway.settings import Settings
from tastebuds.auth.v1 import account_service_pb2, key_service_pb2, session_service_pb2
from tastebuds.auth.v1.account_service_pb2_grpc import AccountServiceStub
from tastebuds.auth.v1.key_service_pb2_grpc import KeyServiceStub
from tastebuds.auth.v1.session_service_pb2_grpc import SessionServiceStub
from tastebuds.catalog.v1 import (
    availability_service_pb2,
    library_service_pb2,
    media_service_pb2,
    merge_service_pb2,
    search_service_pb2,
    tag_service_pb2,
    taste_service_pb2,
)
from tastebuds.catalog.v1.availability_service_pb2_grpc import AvailabilityServiceStub
from tastebuds.catalog.v1.library_service_pb2_grpc import LibraryServiceStub
from tastebuds.catalog.v1.media_service_pb2_grpc import MediaServiceStub
from tastebuds.catalog.v1.merge_service_pb2_grpc import MergeServiceStub
from tastebuds.catalog.v1.search_service_pb2_grpc import SearchServiceStub
from tastebuds.catalog.v1.tag_service_pb2_grpc import TagServiceStub
from tastebuds.catalog.v1.taste_service_pb2_grpc import TasteServiceStub
from tastebuds.ingest.v1 import (
    inbox_service_pb2,
    ingest_service_pb2,
    integration_service_pb2,
    job_service_pb2,
    preview_service_pb2,
)
from tastebuds.ingest.v1.inbox_service_pb2_grpc import InboxServiceStub
from tastebuds.ingest.v1.ingest_service_pb2_grpc import IngestServiceStub
from tastebuds.ingest.v1.integration_service_pb2_grpc import IntegrationServiceStub
from tastebuds.ingest.v1.job_service_pb2_grpc import JobServiceStub
from tastebuds.ingest.v1.preview_service_pb2_grpc import PreviewServiceStub
from tastebuds.menus.v1 import course_service_pb2, menu_service_pb2, public_menu_service_pb2
from tastebuds.menus.v1.course_service_pb2_grpc import CourseServiceStub
from tastebuds.menus.v1.menu_service_pb2_grpc import MenuServiceStub
from tastebuds.menus.v1.public_menu_service_pb2_grpc import PublicMenuServiceStub
from tastebuds.ops.v1 import ops_service_pb2
from tastebuds.ops.v1.ops_service_pb2_grpc import OpsServiceStub

if TYPE_CHECKING:  # these classes exist only in the stubs
    from tastebuds.auth.v1.account_service_pb2_grpc import AccountServiceAsyncStub
    from tastebuds.auth.v1.key_service_pb2_grpc import KeyServiceAsyncStub
    from tastebuds.auth.v1.session_service_pb2_grpc import SessionServiceAsyncStub
    from tastebuds.catalog.v1.availability_service_pb2_grpc import AvailabilityServiceAsyncStub
    from tastebuds.catalog.v1.library_service_pb2_grpc import LibraryServiceAsyncStub
    from tastebuds.catalog.v1.media_service_pb2_grpc import MediaServiceAsyncStub
    from tastebuds.catalog.v1.merge_service_pb2_grpc import MergeServiceAsyncStub
    from tastebuds.catalog.v1.search_service_pb2_grpc import SearchServiceAsyncStub
    from tastebuds.catalog.v1.tag_service_pb2_grpc import TagServiceAsyncStub
    from tastebuds.catalog.v1.taste_service_pb2_grpc import TasteServiceAsyncStub
    from tastebuds.ingest.v1.inbox_service_pb2_grpc import InboxServiceAsyncStub
    from tastebuds.ingest.v1.ingest_service_pb2_grpc import IngestServiceAsyncStub
    from tastebuds.ingest.v1.integration_service_pb2_grpc import IntegrationServiceAsyncStub
    from tastebuds.ingest.v1.job_service_pb2_grpc import JobServiceAsyncStub
    from tastebuds.ingest.v1.preview_service_pb2_grpc import PreviewServiceAsyncStub
    from tastebuds.menus.v1.course_service_pb2_grpc import CourseServiceAsyncStub
    from tastebuds.menus.v1.menu_service_pb2_grpc import MenuServiceAsyncStub
    from tastebuds.menus.v1.public_menu_service_pb2_grpc import PublicMenuServiceAsyncStub
    from tastebuds.ops.v1.ops_service_pb2_grpc import OpsServiceAsyncStub


SERVICES = {
    "auth": services_of(
        account_service_pb2.DESCRIPTOR,
        key_service_pb2.DESCRIPTOR,
        ops_service_pb2.DESCRIPTOR,
        session_service_pb2.DESCRIPTOR,
    ),
    "catalog": services_of(
        availability_service_pb2.DESCRIPTOR,
        library_service_pb2.DESCRIPTOR,
        media_service_pb2.DESCRIPTOR,
        merge_service_pb2.DESCRIPTOR,
        ops_service_pb2.DESCRIPTOR,
        search_service_pb2.DESCRIPTOR,
        tag_service_pb2.DESCRIPTOR,
        taste_service_pb2.DESCRIPTOR,
    ),
    "ingest": services_of(
        inbox_service_pb2.DESCRIPTOR,
        ingest_service_pb2.DESCRIPTOR,
        integration_service_pb2.DESCRIPTOR,
        job_service_pb2.DESCRIPTOR,
        ops_service_pb2.DESCRIPTOR,
        preview_service_pb2.DESCRIPTOR,
    ),
    "menus": services_of(
        course_service_pb2.DESCRIPTOR,
        menu_service_pb2.DESCRIPTOR,
        ops_service_pb2.DESCRIPTOR,
        public_menu_service_pb2.DESCRIPTOR,
    ),
}


@dataclass(frozen=True, slots=True)
class Channels:
    auth: Channel
    catalog: Channel
    ingest: Channel
    menus: Channel


class Clients:
    """A stub of every service."""

    def __init__(self, channels: Channels) -> None:
        self.accounts: AccountServiceAsyncStub = AccountServiceStub(channels.auth)
        self.keys: KeyServiceAsyncStub = KeyServiceStub(channels.auth)
        self.sessions: SessionServiceAsyncStub = SessionServiceStub(channels.auth)
        self.availability: AvailabilityServiceAsyncStub = AvailabilityServiceStub(channels.catalog)
        self.library: LibraryServiceAsyncStub = LibraryServiceStub(channels.catalog)
        self.media: MediaServiceAsyncStub = MediaServiceStub(channels.catalog)
        self.merges: MergeServiceAsyncStub = MergeServiceStub(channels.catalog)
        self.search: SearchServiceAsyncStub = SearchServiceStub(channels.catalog)
        self.tags: TagServiceAsyncStub = TagServiceStub(channels.catalog)
        self.taste: TasteServiceAsyncStub = TasteServiceStub(channels.catalog)
        self.inbox: InboxServiceAsyncStub = InboxServiceStub(channels.ingest)
        self.ingest: IngestServiceAsyncStub = IngestServiceStub(channels.ingest)
        self.integrations: IntegrationServiceAsyncStub = IntegrationServiceStub(channels.ingest)
        self.jobs: JobServiceAsyncStub = JobServiceStub(channels.ingest)
        self.previews: PreviewServiceAsyncStub = PreviewServiceStub(channels.ingest)
        self.courses: CourseServiceAsyncStub = CourseServiceStub(channels.menus)
        self.menus: MenuServiceAsyncStub = MenuServiceStub(channels.menus)
        self.public_menus: PublicMenuServiceAsyncStub = PublicMenuServiceStub(channels.menus)
        self.ops: Mapping[str, OpsServiceAsyncStub] = {
            "auth": OpsServiceStub(channels.auth),
            "catalog": OpsServiceStub(channels.catalog),
            "ingest": OpsServiceStub(channels.ingest),
            "menus": OpsServiceStub(channels.menus),
        }


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[Channels]:
    async with AsyncExitStack() as stack:

        async def open_channel(peer: str, target: str) -> Channel:
            channel = create_channel(peer, target, settings.tls_dir, SERVICES[peer])
            return await stack.enter_async_context(channel)

        yield Channels(
            auth=await open_channel("auth", settings.auth_target),
            catalog=await open_channel("catalog", settings.catalog_target),
            ingest=await open_channel("ingest", settings.ingest_target),
            menus=await open_channel("menus", settings.menus_target),
        )


async def _clients(request: Request) -> Clients:
    clients: Clients = request.app.state.gateway.clients
    return clients


Api = Annotated[Clients, Depends(_clients)]
