"""The settings every service has, whatever it does."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings


def _host_and_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError("must look like 127.0.0.1:8400")
    return value


Listen = Annotated[str, AfterValidator(_host_and_port)]


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
