"""The settings every service has, whatever it does."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode

Network = IPv4Network | IPv6Network


def _host_and_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError("must look like 127.0.0.1:8400")
    return value


def _listed(value: Any) -> Any:
    """Accept a JSON list or comma-separated words."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return orjson.loads(value)
    return [word.strip() for word in value.split(",") if word.strip()]


def _network(value: Any) -> Any:
    return ip_network(value, strict=False) if isinstance(value, str) else value


Listen = Annotated[str, AfterValidator(_host_and_port)]
Networks = Annotated[
    tuple[Annotated[Network, BeforeValidator(_network)], ...], NoDecode, BeforeValidator(_listed)
]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class ServiceSettings(BaseSettings):
    """A service subclasses this with its own `env_prefix`; the aliased ones are shared by all."""

    nats_url: str = "nats://127.0.0.1:4222"
    nats_seed_file: Path | None = None
    tls_dir: Path
    ops_listen: Listen
    shutdown_seconds: float = Field(default=10, gt=0, le=300)

    log_format: Literal["json", "console"] = Field(
        default="json", validation_alias="TASTEBUDS_LOG_FORMAT"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", validation_alias="TASTEBUDS_LOG_LEVEL"
    )
    trace_ratio: float = Field(default=0.1, ge=0, le=1, validation_alias="TASTEBUDS_TRACE_RATIO")
    otlp_endpoint: str | None = Field(default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")


class DataServiceSettings(ServiceSettings):
    """What a service adds that owns a schema and answers gRPC."""

    database_url: str
    database_pool_size: int = Field(default=10, ge=1, le=100)
    grpc_listen: Listen
    dead_letters_kept_days: int = Field(
        default=90, ge=1, validation_alias="TASTEBUDS_DEAD_LETTERS_KEPT_DAYS"
    )
