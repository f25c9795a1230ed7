"""One gRPC server as every service runs it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from common import telemetry, tls
from common.access import rules_of
from common.grpc_client import MAX_MESSAGE_BYTES
from common.grpc_interceptor import Interceptor
from common.identity import TokenVerifier

# A channel is opened anew now and then, so that clients find replicas added since.
MAX_CONNECTION_AGE_MS = 300_000
DRAIN_SECONDS = 0.3

OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_connection_age_ms", MAX_CONNECTION_AGE_MS),
    ("grpc.max_connection_age_grace_ms", 30_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.so_reuseport", 0),
)


class GrpcServer:
    """Holds the server and its health service; services are added to `server`."""

    def __init__(
        self, name: str, services: Sequence[ServiceDescriptor], verifier: TokenVerifier
    ) -> None:
        interceptor = Interceptor(f"{name}.tastebuds", rules_of(services), verifier)
        self.server = grpc.aio.server(
            interceptors=[*telemetry.grpc_server_interceptors(), interceptor], options=OPTIONS
        )
        self.health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self.server)

    async def start(self, listen: str, tls_dir: Path) -> int:
        """Returns the port, which differs from the one asked for when that was 0."""
        port = self.server.add_secure_port(listen, tls.server_credentials(tls_dir))
        await self.server.start()
        await self.health.set("", health_pb2.HealthCheckResponse.SERVING)
        return port

    async def stop(self, grace: float) -> None:
        """Turn callers away first, then finish what was accepted."""
        await self.health.enter_graceful_shutdown()
        await asyncio.sleep(DRAIN_SECONDS)
        await self.server.stop(grace)

    async def serve(
        self, listen: str, tls_dir: Path, stopping: asyncio.Event, *, grace: float
    ) -> None:
        await self.start(listen, tls_dir)
        await stopping.wait()
        await self.stop(grace)
