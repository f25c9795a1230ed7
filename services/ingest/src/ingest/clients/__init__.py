"""The catalogue, its library and the menus, as ingest calls them: a channel to each service."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from grpc.aio import Channel

from common.access import services_of
from common.grpc_client import create_channel
from tastebuds.auth.v1 import key_service_pb2
from tastebuds.catalog.v1 import library_service_pb2, media_service_pb2
from tastebuds.menus.v1 import draft_service_pb2, menu_service_pb2

CALLED = {
    "auth": services_of(key_service_pb2.DESCRIPTOR),
    "catalog": services_of(media_service_pb2.DESCRIPTOR, library_service_pb2.DESCRIPTOR),
    "menus": services_of(draft_service_pb2.DESCRIPTOR, menu_service_pb2.DESCRIPTOR),
}


@asynccontextmanager
async def connect(
    targets: Mapping[str, str], tls_dir: Path
) -> AsyncIterator[Mapping[str, Channel]]:
    """A channel to each service that ingest calls, by its name."""
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(
                create_channel(name, targets[name], tls_dir, services)
            )
            for name, services in CALLED.items()
        }
