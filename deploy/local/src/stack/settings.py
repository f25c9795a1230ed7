"""The settings of a stack, from the environment and `.env`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from dotenv import dotenv_values

from stack.errors import StackError
from stack.services import NATS_PORT, REPLICA_STEP, Service

DEFAULT_PORT = 8400
HIGHEST_OFFSET = NATS_PORT
MOST_REPLICAS = 50


@dataclass(frozen=True)
class Settings:
    """`variables` holds everything set by the user; computed values are only defaults below it."""

    repo: Path
    home: Path
    base_port: int
    replicas: Mapping[str, int] = field(default_factory=dict)
    database_url: str | None = None
    nats_url: str | None = None
    demo: bool = True
    durable: bool = True
    ready_timeout: float = 120.0
    variables: Mapping[str, str] = field(default_factory=dict)

    def replicas_of(self, service: str) -> int:
        return self.replicas.get(service, 1)

    def at(self, base_port: int) -> "Settings":
        return replace(self, base_port=base_port)


def repository() -> Path:
    """Return the checkout this package belongs to, or the current folder when it is installed."""
    checkout = Path(__file__).resolve().parents[4]
    return checkout if (checkout / "services").is_dir() else Path.cwd()


def load(repo: Path, environ: Mapping[str, str], services: Iterable[Service]) -> Settings:
    """Environment wins over `.env`; an empty value counts as not set."""
    from_file = dotenv_values(repo / ".env", interpolate=False)
    variables = {name: value for name, value in (from_file | dict(environ)).items() if value}
    replicas = {
        service.name: _number(variables, f"{service.prefix}REPLICAS", 1, (1, MOST_REPLICAS))
        for service in services
    }
    highest = 65_535 - HIGHEST_OFFSET - REPLICA_STEP * (max(replicas.values(), default=1) - 1)
    return Settings(
        repo=repo,
        home=_home(repo, variables),
        base_port=_number(variables, "TASTEBUDS_PORT", DEFAULT_PORT, (1024, highest)),
        replicas=replicas,
        database_url=_url(variables, "TASTEBUDS_DATABASE_URL", "postgresql", "postgres"),
        nats_url=_url(variables, "TASTEBUDS_NATS_URL", "nats", "tls"),
        demo=variables.get("TASTEBUDS_DEMO", "on").lower() not in ("off", "0", "no", "false"),
        ready_timeout=float(_number(variables, "TASTEBUDS_READY_TIMEOUT", 120, (1, 3600))),
        variables=variables,
    )


def _home(repo: Path, variables: Mapping[str, str]) -> Path:
    chosen = Path(variables.get("TASTEBUDS_HOME", ".tastebuds")).expanduser()
    return chosen if chosen.is_absolute() else repo / chosen


def _number(variables: Mapping[str, str], name: str, default: int, bounds: tuple[int, int]) -> int:
    text = variables.get(name, str(default))
    low, high = bounds
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise StackError(f"{name}={text} is not a whole number from {low} to {high}")
    return int(text)


def _url(variables: Mapping[str, str], name: str, *schemes: str) -> str | None:
    url = variables.get(name)
    if url and not re.match(rf"({'|'.join(schemes)})://[^/]", url):
        begins = " or ".join(f"{scheme}://" for scheme in schemes)
        raise StackError(f"{name} is not a URL that begins with {begins}")
    return url
