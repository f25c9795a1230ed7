"""The environment of each process, computed from the settings; what the user set wins."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stack import broker, databases
from stack.home import Home
from stack.ports import PortUse
from stack.services import NATS_PORT, POSTGRES_PORT, REPLICA_STEP, Service, process_name
from stack.settings import Settings

COMMON_PREFIXES = ("TASTEBUDS_", "OTEL_")
# The runner's own business: the services never see the administrator's password.
RUNNER_ONLY = ("TASTEBUDS_DATABASE_URL", "TASTEBUDS_NATS_URL")

# gRPC's newer engine of input and output costs a call a fifth more CPU: see decision 0018.
OLDER_ENGINE = {"GRPC_EXPERIMENTS": "-event_engine_client,-event_engine_listener"}

# Five processes that compile every library anew at each start take three times as long.
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True)
class Plan:
    """Every process of one stack with its ports and its environment."""

    settings: Settings
    home: Home
    services: tuple[Service, ...]

    @property
    def admin_url(self) -> str:
        """The Postgres administrator's address: of the given server, else of ours."""
        if self.settings.database_url:
            return self.settings.database_url
        password = self.home.secret("postgres-password")
        port = self.settings.base_port + POSTGRES_PORT
        return f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"

    @property
    def database(self) -> str:
        """The database that the given URL names, unless it is the administrator's own."""
        named = databases.database_of(self.settings.database_url or "")
        return databases.DATABASE if named in ("", "postgres") else named

    @property
    def nats_url(self) -> str:
        return self.settings.nats_url or f"nats://127.0.0.1:{self.settings.base_port + NATS_PORT}"

    def processes(self) -> list[tuple[str, Service, int]]:
        """Return name, service and replica of each service process, in the order of starting."""
        return [
            (process_name(service.name, replica), service, replica)
            for service in self.services
            for replica in range(self.settings.replicas_of(service.name))
        ]

    def service(self, name: str) -> Service:
        return next(service for service in self.services if service.name == name)

    def passwords(self) -> dict[str, str]:
        """Return the database role of each service that owns data, with its password."""
        return {
            service.name: self.home.secret(f"postgres-{service.name}-password")
            for service in self.services
            if service.owns_data
        }

    def listen(self, service: Service, setting: str, replica: int) -> str:
        """Return where a replica listens, e.g. 127.0.0.1:8424."""
        set_by_user = self.settings.variables.get(service.prefix + setting)
        if set_by_user and replica == 0:
            return set_by_user
        port = self.settings.base_port + dict(service.listens)[setting] + REPLICA_STEP * replica
        return f"127.0.0.1:{port}"

    def local_port(self, service: Service, setting: str, replica: int = 0) -> int:
        return int(self.listen(service, setting, replica).rpartition(":")[2])

    def target(self, peer: str) -> str:
        """Return the gRPC target of a service with all its replicas."""
        service = self.service(peer)
        replicas = range(self.settings.replicas_of(peer))
        ports = [self.local_port(service, "GRPC_LISTEN", replica) for replica in replicas]
        return "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)

    def ports(self) -> list[PortUse]:
        """Return every port of the stack with the process that needs it."""
        uses = [
            PortUse(self.local_port(service, setting, replica), name)
            for name, service, replica in self.processes()
            for setting, _ in service.listens
        ]
        if not self.settings.database_url:
            uses.append(PortUse(self.settings.base_port + POSTGRES_PORT, "postgres"))
        if not self.settings.nats_url:
            uses.append(PortUse(self.settings.base_port + NATS_PORT, "nats"))
        return uses

    def at(self, base_port: int) -> "Plan":
        return Plan(self.settings.at(base_port), self.home, self.services)

    def environment(self, service: Service, replica: int = 0) -> dict[str, str]:
        """Return what the stack adds to the environment of a service."""
        variables = computed(self, service, replica)
        return variables | {
            name: value
            for name, value in self.settings.variables.items()
            if (name.startswith((service.prefix, *COMMON_PREFIXES)) or name in service.reads)
            and name not in RUNNER_ONLY
            and not (replica and name.removeprefix(service.prefix) in dict(service.listens))
        }

    def full_environment(self, service: Service, replica: int = 0) -> dict[str, str]:
        """Return the whole environment: what every program needs, and the service's own."""
        plain = plain_environment(os.environ, self.services)
        return OLDER_ENGINE | plain | self.environment(service, replica)


def computed(plan: Plan, service: Service, replica: int) -> dict[str, str]:
    home, own = plan.home, service.prefix
    variables = {
        f"{own}NATS_URL": plan.nats_url,
        f"{own}NATS_SEED_FILE": str(broker.seed_path(home.nats, service.name)),
        f"{own}TLS_DIR": str(home.tls / service.name),
        "TASTEBUDS_HOME": str(home.root),
        "TASTEBUDS_PORT": str(plan.settings.base_port),
        "TASTEBUDS_LOG_FORMAT": "console",
        "PYTHONUNBUFFERED": "1",
    }
    for setting, _ in service.listens:
        variables[own + setting] = plan.listen(service, setting, replica)
    for setting, listens in service.told:
        variables[own + setting] = f"http://{plan.listen(service, listens, 0)}"
    for peer in service.peers:
        variables[f"{own}{peer.upper()}_TARGET"] = plan.target(peer)
    for setting, file in service.secret_files:
        home.secret(file)
        variables[own + setting] = str(home.secrets / file)
    if service.owns_data:
        password = plan.passwords()[service.name]
        variables[f"{own}DATABASE_URL"] = databases.service_url(
            plan.admin_url, service.name, password, plan.database
        )
    return variables


def plain_environment(environ: Mapping[str, str], services: Iterable[Service]) -> dict[str, str]:
    """Return PATH, HOME, TZ, certificates …, without any setting of Tastebuds."""
    ours = (*(service.prefix for service in services), *COMMON_PREFIXES, NO_BYTECODE)
    return {name: value for name, value in environ.items() if not name.startswith(ours)}
