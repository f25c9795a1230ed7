"""Brings the schema of each service to its newest migration."""

import hashlib
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg

from stack import databases
from stack.errors import StackError

TIMEOUT_SECONDS = 600


def fingerprint(repo: Path, services: Iterable[str]) -> str:
    """Return what changes whenever a migration of these services does."""
    digest = hashlib.sha256()
    for name in services:
        folder = _config(repo, name).parent / "migrations" / "versions"
        for file in sorted((*folder.glob("*.py"), *folder.glob("*/*.sql"))):
            digest.update(f"{name}/{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def newest(repo: Path, services: Iterable[str]) -> dict[str, set[str]]:
    """Return the newest revisions by service, of the services that have migrations."""
    # Heavy to import (it brings SQLAlchemy), and only a start needs it.
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    return {
        name: set(ScriptDirectory.from_config(Config(str(ini))).get_heads())
        for name in services
        if (ini := _config(repo, name)).exists()
    }


def outdated(admin_url: str, database: str, heads: Mapping[str, set[str]]) -> list[str]:
    """Return the services whose schema is not at its newest revision."""
    return databases.run_apart(_outdated(databases.in_database(admin_url, database), heads))


async def _outdated(url: str, heads: Mapping[str, set[str]]) -> list[str]:
    connection = await databases.connect_when_ready(url, 30)
    try:
        return [name for name in heads if await _stamped(connection, name) != heads[name]]
    finally:
        await connection.close()


async def _stamped(connection: asyncpg.Connection, service: str) -> set[str]:
    table = f"{databases.quoted(service)}.alembic_version"
    if await connection.fetchval("select to_regclass($1)", table) is None:
        return set()
    rows = await connection.fetch(f"select version_num from {table}")  # noqa: S608 - a name of ours
    return {row["version_num"] for row in rows}


def upgrade(repo: Path, environments: Mapping[str, Mapping[str, str]]) -> None:
    """Migrate these services side by side, each with its own environment."""
    with ThreadPoolExecutor(max(1, len(environments))) as threads:
        jobs = [threads.submit(_upgrade, repo, name, env) for name, env in environments.items()]
    for job in jobs:
        job.result()


def _upgrade(repo: Path, service: str, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "-c", _config(repo, service), "upgrade", "head"],
        env=dict(environment),
        cwd=repo,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )
    if done.returncode != 0:
        shown = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise StackError(f"The migrations of {service} failed:\n{shown}")


def _config(repo: Path, service: str) -> Path:
    return repo / "services" / service / "alembic.ini"
