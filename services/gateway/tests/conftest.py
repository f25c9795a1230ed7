import asyncio
import socket
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import httpx
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from nats.js.api import StreamConfig

from common import http_server
from gateway.app import create_app
from gateway.clients import SERVICES, Channels
from gateway.settings import Settings
from gateway.state import create_gateway
from tastebuds.auth.v1.account_events_pb2 import UserChanged, UserDeleted
from tastebuds.auth.v1.account_service_pb2_grpc import add_AccountServiceServicer_to_server
from tastebuds.auth.v1.key_service_pb2_grpc import add_KeyServiceServicer_to_server
from tastebuds.auth.v1.session_events_pb2 import SessionRevoked
from tastebuds.auth.v1.session_service_pb2_grpc import add_SessionServiceServicer_to_server
from tastebuds.catalog.v1.availability_service_pb2_grpc import (
    add_AvailabilityServiceServicer_to_server,
)
from tastebuds.catalog.v1.library_service_pb2_grpc import add_LibraryServiceServicer_to_server
from tastebuds.catalog.v1.media_service_pb2_grpc import add_MediaServiceServicer_to_server
from tastebuds.catalog.v1.merge_service_pb2_grpc import add_MergeServiceServicer_to_server
from tastebuds.catalog.v1.search_service_pb2_grpc import add_SearchServiceServicer_to_server
from tastebuds.catalog.v1.tag_service_pb2_grpc import add_TagServiceServicer_to_server
from tastebuds.catalog.v1.taste_service_pb2_grpc import add_TasteServiceServicer_to_server
from tastebuds.ingest.v1.inbox_service_pb2_grpc import add_InboxServiceServicer_to_server
from tastebuds.ingest.v1.ingest_service_pb2_grpc import add_IngestServiceServicer_to_server
from tastebuds.ingest.v1.integration_service_pb2_grpc import (
    add_IntegrationServiceServicer_to_server,
)
from tastebuds.ingest.v1.job_events_pb2 import IngestJobChanged
from tastebuds.ingest.v1.job_service_pb2_grpc import add_JobServiceServicer_to_server
from tastebuds.ingest.v1.preview_service_pb2_grpc import add_PreviewServiceServicer_to_server
from tastebuds.menus.v1.course_service_pb2_grpc import add_CourseServiceServicer_to_server
from tastebuds.menus.v1.menu_events_pb2 import MenuChanged, MenuPublished, MenuUnpublished
from tastebuds.menus.v1.menu_service_pb2_grpc import add_MenuServiceServicer_to_server
from tastebuds.menus.v1.public_menu_service_pb2_grpc import (
    add_PublicMenuServiceServicer_to_server,
)
from tastebuds.ops.v1.ops_service_pb2_grpc import add_OpsServiceServicer_to_server

from . import stand_ins
from .availability_stand_ins import Availability
from .inbox_stand_ins import Inbox
from .integration_stand_ins import Integrations
from .job_stand_ins import Jobs
from .library_stand_ins import Library
from .media_stand_ins import Media, Merges, add_work
from .ops_stand_ins import Ops
from .search_stand_ins import Previews, Search
from .tag_stand_ins import Tags
from .taste_stand_ins import Tastes

STREAMS = {
    "AUTH": "tastebuds.auth.v1.>",
    "INGEST": "tastebuds.ingest.v1.>",
    "MENUS": "tastebuds.menus.v1.>",
}
ORIGIN = "https://tastebuds.example.org"


@pytest.fixture(scope="session")
async def world(people):
    return stand_ins.World(people)


@pytest.fixture(scope="session")
async def channels(serve, world):
    """The gateway's channels to stand-ins of all four services."""

    def add_auth(server):
        add_AccountServiceServicer_to_server(stand_ins.Accounts(world), server)
        add_SessionServiceServicer_to_server(stand_ins.Sessions(world), server)
        add_KeyServiceServicer_to_server(stand_ins.Keys(world), server)
        add_OpsServiceServicer_to_server(Ops(world, "auth"), server)

    def add_catalog(server):
        add_MediaServiceServicer_to_server(Media(world), server)
        add_MergeServiceServicer_to_server(Merges(world), server)
        add_SearchServiceServicer_to_server(Search(world), server)
        add_LibraryServiceServicer_to_server(Library(world), server)
        add_TagServiceServicer_to_server(Tags(world), server)
        add_TasteServiceServicer_to_server(Tastes(world), server)
        add_AvailabilityServiceServicer_to_server(Availability(world), server)
        add_OpsServiceServicer_to_server(Ops(world, "catalog"), server)

    def add_ingest(server):
        add_IngestServiceServicer_to_server(stand_ins.Ingest(world), server)
        add_JobServiceServicer_to_server(Jobs(world), server)
        add_IntegrationServiceServicer_to_server(Integrations(world), server)
        add_InboxServiceServicer_to_server(Inbox(world), server)
        add_PreviewServiceServicer_to_server(Previews(world), server)
        add_OpsServiceServicer_to_server(Ops(world, "ingest"), server)

    def add_menus(server):
        add_MenuServiceServicer_to_server(stand_ins.Menus(world), server)
        add_CourseServiceServicer_to_server(stand_ins.Courses(world), server)
        add_PublicMenuServiceServicer_to_server(stand_ins.PublicMenus(world), server)
        add_OpsServiceServicer_to_server(Ops(world, "menus"), server)

    async with (
        serve("auth", SERVICES["auth"], add_auth) as auth,
        serve("catalog", SERVICES["catalog"], add_catalog) as catalog,
        serve("ingest", SERVICES["ingest"], add_ingest) as ingest,
        serve("menus", SERVICES["menus"], add_menus) as menus,
    ):
        yield Channels(auth("gateway"), catalog("gateway"), ingest("gateway"), menus("gateway"))


@pytest.fixture(scope="session")
async def broker(connect_nats, empty_nats):
    """A connection that may do everything, and the streams whose events the gateway follows."""
    await empty_nats()
    async with connect_nats("admin") as client:
        for name, subjects in STREAMS.items():
            await client.jetstream().add_stream(StreamConfig(name=name, subjects=[subjects]))
        yield client


class Events:
    """Publishes as auth and menus would."""

    def __init__(self, client):
        self._jetstream = client.jetstream()

    async def _say(self, message):
        await self._jetstream.publish(message.DESCRIPTOR.full_name, message.SerializeToString())

    async def session_revoked(self, session_id):
        now = Timestamp()
        now.FromDatetime(datetime.now(UTC))
        await self._say(SessionRevoked(session_id=str(session_id), revoked_at=now))

    async def user_changed(self, user_id):
        await self._say(UserChanged(user_id=str(user_id)))

    async def user_deleted(self, user_id):
        await self._say(UserDeleted(user_id=str(user_id)))

    async def menu_published(self, slug):
        await self._say(MenuPublished(slug=slug))

    async def menu_changed(self, slug):
        await self._say(MenuChanged(slug=slug))

    async def menu_unpublished(self, slug):
        await self._say(MenuUnpublished(slug=slug))

    async def job_changed(self, job):
        await self._say(IngestJobChanged(job_id=job.id, version=job.version))

    async def unreadable(self, subject):
        await self._jetstream.publish(subject, b"\xff\xff")


@pytest.fixture(scope="session")
def events(broker):
    return Events(broker)


@pytest.fixture(scope="session")
def settings(certificates, nats_server):
    """`settings(max_body_bytes=…)`: the gateway's settings with some changed."""

    def make(**changed):
        return Settings(
            tls_dir=certificates / "gateway",
            nats_url=nats_server.url,
            nats_seed_file=nats_server.seed_file("gateway"),
            **({"cors_origins": (ORIGIN,)} | changed),
        )

    return make


class Running:
    def __init__(self, gateway, port, stopping):
        self.gateway = gateway
        self.stopping = stopping
        self.memory = gateway.memory
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def client(self, token=None, **options):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=10, **options)


@pytest.fixture(scope="session")
def start(settings, channels, broker, connect_nats):
    """`async with start(**settings) as running`: the real app, following real events."""

    @asynccontextmanager
    async def run(*, follows=True, **changed):
        gateway = create_gateway(settings(**changed), channels)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        stopping = asyncio.Event()
        app = create_app(settings(**changed), gateway)
        async with connect_nats("gateway") as client:
            jetstream = client.jetstream()
            followers = gateway.memory.followers if follows else ()
            tasks = [asyncio.create_task(one.run(jetstream, stopping)) for one in followers]
            tasks.append(asyncio.create_task(gateway.memory.job_news.run(stopping)))
            server = asyncio.create_task(
                http_server.serve(app, f"127.0.0.1:{port}", stopping, grace=1)
            )
            try:
                await asyncio.wait_for(_answers(port), 5)
                for follower in followers:
                    await asyncio.wait_for(follower.caught_up.wait(), 10)
                yield Running(gateway, port, stopping)
            finally:
                stopping.set()
                await asyncio.wait([server], timeout=5)
                # A follower looks at `stopping` only when its fetch returns.
                for task in (server, *tasks):
                    task.cancel()
                await asyncio.gather(server, *tasks, return_exceptions=True)

    return run


async def _answers(port):
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.02)


@pytest.fixture(scope="session")
async def running(start):
    async with start() as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def fresh(world):
    """No test sees what another one left in the stand-ins."""
    world.forget()


@pytest.fixture
async def stranger(running):
    async with running.client() as client:
        yield client


@pytest.fixture
def ada_id(world):
    return world.add_user(name="Ada")


@pytest.fixture
async def ada(running, people, ada_id):
    """Ada's client, signed in by bearer token."""
    async with running.client(people.token(ada_id)) as client:
        yield client


@pytest.fixture
async def admin(running, people, ada_id):
    """Ada's client, as an administrator's."""
    async with running.client(people.token(ada_id, roles=["admin"])) as client:
        yield client


@pytest.fixture
def tidewatch(world):
    """A work of the catalogue."""
    return add_work(world, "Tidewatch")
