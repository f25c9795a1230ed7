"""One long-lived channel per peer."""

from collections.abc import Sequence
from pathlib import Path

import grpc
import orjson
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2, health_pb2_grpc

from common import telemetry, tls
from common.access import repeatable_methods

PING_TIMEOUT_SECONDS = 2
# The largest message a service sends or takes.
MAX_MESSAGE_BYTES = 8 * 1024 * 1024


def create_channel(
    peer: str, target: str, tls_dir: Path, services: Sequence[ServiceDescriptor]
) -> grpc.aio.Channel:
    """A channel to all replicas of `peer`, verified by its certificate's name.

    `target` is a gRPC name such as dns:///catalog:8422 or ipv4:127.0.0.1:8422,127.0.0.1:8522.
    """
    options = (
        ("grpc.service_config", orjson.dumps(_service_config(services)).decode()),
        ("grpc.ssl_target_name_override", peer),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        # A peer that restarts is tried again at once, not after the default of up to two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1_000),
    )
    return grpc.aio.secure_channel(
        target,
        tls.channel_credentials(tls_dir),
        options=options,
        interceptors=telemetry.grpc_client_interceptors(),
    )


async def ping(channel: grpc.aio.Channel) -> None:
    """Raises AioRpcError when no replica serves."""
    stub = health_pb2_grpc.HealthStub(channel)
    await stub.Check(  # type: ignore[attr-defined]  # the stub package knows no methods
        health_pb2.HealthCheckRequest(), timeout=PING_TIMEOUT_SECONDS
    )


def _service_config(services: Sequence[ServiceDescriptor]) -> dict[str, object]:
    retry = {
        "maxAttempts": 4,
        "initialBackoff": "0.05s",
        "maxBackoff": "1s",
        "backoffMultiplier": 3,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    repeatable = repeatable_methods(services)
    return {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": ""},
        "methodConfig": [{"name": repeatable, "retryPolicy": retry}] if repeatable else [],
    }
