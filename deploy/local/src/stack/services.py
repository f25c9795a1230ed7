"""What runs: the services, the ports they take and whom they call."""

import sys
from dataclasses import dataclass

POSTGRES_PORT = 32
NATS_PORT = 42
REPLICA_STEP = 100


@dataclass(frozen=True)
class Service:
    """One service; `listens` maps a setting to the port's offset from the base port.

    `told` maps a setting to that of `listens` whose address people are told: all replicas tell the
    first one's. `reads` are settings of other services that this one goes by too.
    """

    name: str
    listens: tuple[tuple[str, int], ...]
    peers: tuple[str, ...] = ()
    owns_data: bool = True
    secret_files: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()
    told: tuple[tuple[str, str], ...] = ()
    reads: tuple[str, ...] = ()

    @property
    def argv(self) -> tuple[str, ...]:
        return self.command or (sys.executable, "-m", f"{self.name}.main")

    @property
    def prefix(self) -> str:
        return f"{self.name.upper()}_"


SERVICES: tuple[Service, ...] = (
    Service(
        "auth",
        (("GRPC_LISTEN", 21), ("OPS_LISTEN", 11)),
        secret_files=(("KEY_PASSWORD_FILE", "auth-key-password"),),
    ),
    Service(
        "catalog",
        (("GRPC_LISTEN", 22), ("OPS_LISTEN", 12)),
        peers=("auth",),
        reads=("INGEST_RAW_PAYLOAD_RETENTION_DAYS",),
    ),
    Service(
        "ingest",
        (("GRPC_LISTEN", 23), ("OPS_LISTEN", 13), ("WEBHOOK_LISTEN", 15)),
        peers=("auth", "catalog", "menus"),
        told=(("WEBHOOK_PUBLIC_URL", "WEBHOOK_LISTEN"),),
    ),
    Service("menus", (("GRPC_LISTEN", 24), ("OPS_LISTEN", 14)), peers=("auth", "catalog")),
    Service(
        "gateway",
        (("LISTEN", 0), ("OPS_LISTEN", 10)),
        peers=("auth", "catalog", "ingest", "menus"),
        owns_data=False,
    ),
)


def process_name(service: str, replica: int) -> str:
    """Replica 0 is called like the service, the next ones `catalog-2`, `catalog-3` …"""
    return service if replica == 0 else f"{service}-{replica + 1}"
