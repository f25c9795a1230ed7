"""A throwaway Postgres for tests and measurements."""

import asyncio
import itertools
import secrets
import signal
import subprocess

from stack import databases
from stack.account import postgres_account
from stack.cluster import SUPERUSER, create_cluster, programs, server_command
from stack.errors import StackError
from stack.files import last_lines
from stack.ports import any_free_port, is_free
from stack.temporary import TemporaryServer

TEMPLATE = "service_template"


class TemporaryPostgres(TemporaryServer):
    """`admin_url` is a plain postgresql:// URL of the superuser."""

    def __init__(self) -> None:
        super().__init__("pg", signal.SIGINT)
        self._password = secrets.token_urlsafe(16)
        self._numbers = itertools.count(1)
        self.admin_url = ""

    def create_service_database(self, name: str) -> str:
        """Make a fresh database with the service's role, schema and extensions; return its URL."""
        database = f"{name}_{next(self._numbers)}"
        databases.run_apart(self._create(name, database))
        return databases.service_url(self.admin_url, name, self._password, database)

    async def _create(self, name: str, database: str) -> None:
        server = await databases.connect_when_ready(self.admin_url, 30)
        try:
            await databases.ensure_role(server, name, self._password)
            await server.execute(f"create database {database} template {TEMPLATE}")
        finally:
            await server.close()
        inside = await databases.connect_when_ready(
            databases.in_database(self.admin_url, database), 30
        )
        try:
            await databases.ensure_schema(inside, name, database)
        finally:
            await inside.close()

    def _start(self) -> None:
        data = self._folder / "postgres" / "data"
        account = postgres_account(data, programs(), self._folder)
        self._folder.chmod(account.home_mode)
        create_cluster(data, self._password, account)
        self._port = any_free_port()
        self.admin_url = (
            f"postgresql://{SUPERUSER}:{self._password}@127.0.0.1:{self._port}/postgres"
        )
        log = self._folder / "postgres.log"
        with log.open("wb") as output:
            self._server = subprocess.Popen(
                [*account.prefix, *server_command(data, self._port, durable=False)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
            )
        try:
            databases.run_apart(self._make_template())
        except StackError as error:
            self._stop(signal.SIGINT)
            raise StackError("\n".join([str(error), *last_lines(log)])) from error

    async def _make_template(self) -> None:
        while is_free(self._port):
            if self._server.poll() is not None:
                raise StackError("Postgres did not start:")
            await asyncio.sleep(0.02)
        server = await databases.connect_when_ready(self.admin_url, 30)
        try:
            await server.execute(f"create database {TEMPLATE} template template0")
        finally:
            await server.close()
        inside = await databases.connect_when_ready(
            databases.in_database(self.admin_url, TEMPLATE), 30
        )
        try:
            await databases.create_extensions(inside)
        finally:
            await inside.close()
