"""A throwaway Postgres for tests and measurements."""

import asyncio
import itertools
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from stack import databases
from stack.account import postgres_account
from stack.cluster import SUPERUSER, create_cluster, programs, server_command
from stack.errors import StackError
from stack.files import last_lines
from stack.leftovers import remove_temporary
from stack.ports import any_free_port, is_free

TEMPLATE = "service_template"


class TemporaryPostgres:
    """A server of its own on a free port, in a folder that goes with it.

    `admin_url` is a plain postgresql:// URL of the superuser.
    """

    def __init__(self) -> None:
        self._password = secrets.token_urlsafe(16)
        self._numbers = itertools.count(1)
        self.admin_url = ""

    def __enter__(self) -> Self:
        remove_temporary()
        self._folder = Path(tempfile.mkdtemp(prefix=f"tastebuds-pg-{os.getpid()}-"))
        try:
            self._start()
        except BaseException:
            shutil.rmtree(self._folder)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        stop_server(self._server, signal.SIGINT)
        shutil.rmtree(self._folder)

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
            stop_server(self._server, signal.SIGINT)
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


def stop_server(server: subprocess.Popen[bytes], how: signal.Signals) -> None:
    server.send_signal(how)
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(30)
