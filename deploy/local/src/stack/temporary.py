"""Throwaway servers for tests and measurements."""

import os
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from stack.leftovers import remove_temporary


class TemporaryServer(ABC):
    """A server of its own on a free port, in a folder that goes with it."""

    _server: subprocess.Popen[bytes]

    def __init__(self, name: str, how_to_stop: signal.Signals) -> None:
        self._name = name
        self._how_to_stop = how_to_stop

    def __enter__(self) -> Self:
        remove_temporary()
        self._folder = Path(tempfile.mkdtemp(prefix=f"tastebuds-{self._name}-{os.getpid()}-"))
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
        self._stop(self._how_to_stop)
        shutil.rmtree(self._folder)

    @abstractmethod
    def _start(self) -> None:
        """Have `_server` answer, or leave none behind."""

    def _stop(self, how: signal.Signals) -> None:
        self._server.send_signal(how)
        try:
            self._server.wait(30)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait(30)
