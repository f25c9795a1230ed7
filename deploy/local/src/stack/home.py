"""The home folder of a stack: everything it keeps, and nothing elsewhere."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from stack.errors import StackError
from stack.files import kept_secret, private_folder, write_private

MARK = "This folder belongs to Tastebuds. `tastebuds reset` deletes it.\n"
# sun_path holds 108 bytes on Linux and 104 on macOS, with the zero at the end.
LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True)
class RunningStack:
    """What the commands must know of the stack that another command started."""

    mode: str
    base_port: int
    replicas: dict[str, int]


@dataclass(frozen=True)
class Home:
    root: Path

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    @property
    def nats(self) -> Path:
        return self.root / "nats"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def socket(self) -> Path:
        """The runner's control socket; beside the system's temporary files when home is deep."""
        here = self.run / "runner.sock"
        if len(os.fsencode(here)) <= LONGEST_SOCKET_PATH:
            return here
        digest = hashlib.sha256(os.fsencode(self.root.resolve())).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"tastebuds-{os.getuid()}-{digest}" / "runner.sock"

    def log(self, process: str) -> Path:
        return self.logs / f"{process}.log"

    def secret(self, name: str) -> str:
        return kept_secret(self.secrets / name)

    def prepare(self, mode: int) -> None:
        private_folder(self.root, mode)
        for folder in (self.logs, self.run, self.secrets, self.tls, self.nats):
            private_folder(folder)
        socket_folder = private_folder(self.socket.parent)
        if socket_folder.stat().st_uid != os.getuid():
            raise StackError(f"The folder {socket_folder} belongs to somebody else")
        mark = self.root / "TASTEBUDS"
        if not mark.exists():
            write_private(mark, MARK)

    @contextmanager
    def locked(self, wait_seconds: float = 0) -> Iterator[None]:
        """Hold the stack for one command; the lock dies with the process that has it."""
        private_folder(self.root, self.root.stat().st_mode & 0o777 if self.root.exists() else 0o700)
        try:
            file = (self.root / "lock").open("a")
        except OSError as error:
            raise StackError(
                f"The folder {self.root} is not writable ({error.strerror}); "
                "give yourself the right, or choose another one with TASTEBUDS_HOME=…"
            ) from error
        with file:
            give_up = time.monotonic() + wait_seconds
            while not _lock(file):
                if time.monotonic() > give_up:
                    raise StackError(
                        f"This stack ({self.root}) is already running or starting in another "
                        "terminal: see `tastebuds status`, or end it with `tastebuds stop`"
                    )
                time.sleep(0.1)
            yield

    def remember(self, running: RunningStack) -> None:
        write_private(self.run / "stack.json", json.dumps(asdict(running)))

    def remembered(self) -> RunningStack | None:
        try:
            return RunningStack(**json.loads((self.run / "stack.json").read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def forget(self) -> None:
        (self.run / "stack.json").unlink(missing_ok=True)

    def delete(self) -> None:
        """Refuses a folder that does not carry our mark: TASTEBUDS_HOME may point anywhere."""
        if not self.root.exists():
            return
        if not (self.root / "TASTEBUDS").exists():
            raise StackError(f"{self.root} is not a folder that Tastebuds made; nothing deleted")
        if self.socket.parent != self.run:
            shutil.rmtree(self.socket.parent, ignore_errors=True)
        shutil.rmtree(self.root)


def _lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
