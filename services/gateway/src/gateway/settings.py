"""What the gateway can be told from outside."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import Listen, Networks, ServiceSettings, Words


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="GATEWAY_", extra="ignore")

    listen: Listen = Field(
        default="127.0.0.1:8400", description="Where the public HTTP API listens."
    )
    ops_listen: Listen = Field(
        default="127.0.0.1:8410", description="Where operators read health and metrics."
    )
    auth_target: str = Field(default="ipv4:127.0.0.1:8421", description="gRPC target of auth.")
    catalog_target: str = Field(
        default="ipv4:127.0.0.1:8422", description="gRPC target of catalog."
    )
    ingest_target: str = Field(default="ipv4:127.0.0.1:8423", description="gRPC target of ingest.")
    menus_target: str = Field(default="ipv4:127.0.0.1:8424", description="gRPC target of menus.")

    trusted_proxies: Networks = Field(
        default=(),
        description="Networks (CIDR) whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    )
    health_allowlist: Networks = Field(
        default=(),
        description="Networks (CIDR) that see the details of /health without an account.",
    )
    cors_origins: Words = Field(
        default=(), description="Origins of frontends on other addresses, JSON list or commas."
    )
    max_body_bytes: int = Field(
        default=1024 * 1024, ge=1024, le=64 * 1024 * 1024, description="Longest request body."
    )
    public_menu_cache_bytes: int = Field(
        default=64 * 1024 * 1024, ge=0, description="Memory for published menus."
    )
    account_cache_bytes: int = Field(
        default=8 * 1024 * 1024, ge=0, description="Memory for the accounts of signed-in people."
    )
    streams: int = Field(
        default=500, ge=1, description="Streams of job events that may be open at once."
    )
    streams_per_person: int = Field(
        default=10, ge=1, description="Those of one person, who may have as many windows open."
    )
    stream_seconds: float = Field(
        default=900,
        gt=0,
        le=86400,
        description="How long a stream lives; its client then resumes it.",
    )
    catch_up_seconds: float = Field(
        default=10,
        ge=0,
        le=300,
        description="How long the start waits to learn which sessions were revoked.",
    )
