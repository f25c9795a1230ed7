"""What the tests of every service share: real servers, real certificates, real tokens."""

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import grpc
import jwt
import nats
import pytest
import uvloop
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.descriptor import ServiceDescriptor
from nats.aio.client import Client

from common.grpc_client import create_channel
from common.grpc_server import GrpcServer
from common.identity import ALGORITHM, AUDIENCE, ISSUER, TokenVerifier
from stack.nats import TemporaryNats
from stack.postgres import TemporaryPostgres
from stack.tls import issue

ROOT = Path(__file__).parent
NAMES = ("auth", "catalog", "ingest", "menus", "gateway")
Metadata = tuple[tuple[str, str], ...]


def pytest_asyncio_loop_factories():
    return {"uvloop": uvloop.new_event_loop}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is tested together runs in one process, one after the other: it shares its servers."""
    for item in items:
        place = item.path.relative_to(ROOT).parts[:2]
        item.add_marker(pytest.mark.xdist_group("/".join(place)))


@pytest.fixture(scope="session")
def postgres() -> Iterator[TemporaryPostgres]:
    with TemporaryPostgres() as server:
        yield server


@pytest.fixture(scope="session")
def nats_server() -> Iterator[TemporaryNats]:
    with TemporaryNats() as server:
        yield server


@pytest.fixture(scope="session")
def connect_nats(nats_server) -> Callable[[str], AbstractAsyncContextManager[Client]]:
    """`async with connect_nats("menus") as client`: connected with that service's permissions."""

    @asynccontextmanager
    async def connect(service: str) -> AsyncIterator[Client]:
        client = await nats.connect(
            nats_server.url,
            nkeys_seed=str(nats_server.seed_file(service)),
            inbox_prefix=f"_INBOX_{service}".encode(),
        )
        try:
            yield client
        finally:
            await client.close()

    return connect


@pytest.fixture(scope="session")
def empty_nats(connect_nats):
    """`await empty_nats()`: no streams, as on a new server; the folders of tests share one."""

    async def empty() -> None:
        async with connect_nats("admin") as admin:
            for stream in await admin.jetstream().streams_info():
                await admin.jetstream().delete_stream(stream.config.name)

    return empty


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Path:
    """A folder with one TLS folder per service."""
    folder = tmp_path_factory.mktemp("tls")
    issue(folder, NAMES)
    return folder


@pytest.fixture(scope="session")
def migrated(postgres) -> Callable[[str], str]:
    """`migrated("menus")`: the URL of a fresh database with that service's migrations applied."""

    def migrate(service: str) -> str:
        url = postgres.create_service_database(service)
        subprocess.run(
            [
                sys.executable,
                "-m",
                "alembic",
                "-c",
                f"services/{service}/alembic.ini",
                "upgrade",
                "head",
            ],
            cwd=ROOT,
            env=os.environ | {f"{service.upper()}_DATABASE_URL": url},
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return url

    return migrate


@pytest.fixture(scope="session")
def schema_difference():
    """What migrations would have to change for the tables to be as `metadata` says."""

    async def difference(database, metadata):
        options = {
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name == metadata.schema,
            "include_object": lambda _, name, *__: name != "alembic_version",
            "compare_type": True,
            "compare_server_default": True,
        }

        def compare(connection):
            # Alembic reads the tables of the default schema without its name, ours have one.
            default, connection.dialect.default_schema_name = (
                connection.dialect.default_schema_name,
                "public",
            )
            connection.exec_driver_sql("set local search_path = public")
            try:
                return compare_metadata(
                    MigrationContext.configure(connection, opts=options), metadata
                )
            finally:
                connection.dialect.default_schema_name = default

        async with database.engine.connect() as connection:
            return await connection.run_sync(compare)

    return difference


class People:
    """Mints access tokens as auth would, and verifies them."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.verifier = TokenVerifier(self._keys)

    async def _keys(self):
        return {"test": self.key.public_key()}

    def token(self, user_id: UUID, roles: Sequence[str] = (), lifetime: float = 1800) -> str:
        now = int(time.time())
        claims = {
            "sub": str(user_id), "sid": str(uuid4()), "iat": now, "exp": now + int(lifetime),
            "iss": ISSUER, "aud": AUDIENCE, "roles": list(roles),
        }  # fmt: skip
        return jwt.encode(claims, self.key, algorithm=ALGORITHM, headers={"kid": "test"})

    def metadata(self, user_id: UUID, roles: Sequence[str] = ()) -> Metadata:
        """Call metadata of a request that this person makes."""
        return (("authorization", f"Bearer {self.token(user_id, roles)}"), ("x-request-id", "test"))


@pytest.fixture(scope="session")
def people() -> People:
    return People()


@pytest.fixture(scope="session")
def serve(certificates, people):
    """Run one service's servicers on a real port with mutual TLS.

    `async with serve("menus", SERVICES, add) as connect` where `add(server)` registers them and
    `connect("gateway")` opens a channel as that caller.
    """

    @asynccontextmanager
    async def run(
        name: str, services: Sequence[ServiceDescriptor], add: Callable[[grpc.aio.Server], None]
    ) -> AsyncIterator[Callable[[str], grpc.aio.Channel]]:
        server = GrpcServer(name, services, people.verifier)
        add(server.server)
        port = await server.start("127.0.0.1:0", certificates / name)
        channels: list[grpc.aio.Channel] = []

        def connect(caller: str) -> grpc.aio.Channel:
            target = f"ipv4:127.0.0.1:{port}"
            channels.append(create_channel(name, target, certificates / caller, services))
            return channels[-1]

        try:
            yield connect
        finally:
            for channel in channels:
                await channel.close()
            await server.server.stop(None)

    return run
