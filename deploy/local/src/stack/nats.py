"""A throwaway NATS server with JetStream for tests and measurements."""

import signal
import socket
import subprocess
import time
from pathlib import Path

from stack import broker
from stack.errors import StackError
from stack.files import last_lines
from stack.ports import any_free_port
from stack.services import SERVICES
from stack.temporary import TemporaryServer

EVERY_SERVICE = tuple(service.name for service in SERVICES)


class TemporaryNats(TemporaryServer):
    """It has the users and permissions of the real one, and forgets nothing but in a power cut."""

    def __init__(self) -> None:
        super().__init__("nats", signal.SIGTERM)
        self.url = ""

    def seed_file(self, service: str) -> Path:
        """Return the service's nkey seed file; `admin` may do everything."""
        return broker.seed_file(self._folder, service)

    def restart(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the server (SIGKILL: crash it) and start it again with its data, on its port."""
        self._stop(how)
        self._serve()

    def _start(self) -> None:
        users = broker.write_users(self._folder, EVERY_SERVICE)
        self._port = any_free_port()
        self.url = f"nats://127.0.0.1:{self._port}"
        self._config = broker.write_config(self._folder, self._port, durable=False, users=users)
        self._serve()

    def _serve(self) -> None:
        log = self._folder / "server.log"
        with log.open("ab") as output:
            self._server = subprocess.Popen(
                broker.server_command(self._config),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        give_up = time.monotonic() + 30
        while not answers("127.0.0.1", self._port):
            if self._server.poll() is not None or time.monotonic() > give_up:
                self._stop(signal.SIGKILL)
                raise StackError("\n".join(["nats-server did not start:", *last_lines(log)]))
            time.sleep(0.02)


def answers(host: str, port: int) -> bool:
    """Say whether a NATS server greets there (it does so once JetStream has recovered)."""
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            return connection.recv(5).startswith(b"INFO")
    except OSError:
        return False
