"""The logs of all processes as one stream."""

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from stack.files import last_lines
from stack.home import Home
from stack.runner import LOG

COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
# supervisord's own log: of it, only what explains why a process ended or comes back.
RUNNER_LINE = re.compile(r"^\S+ \S+ (?:INFO|WARN|CRIT|ERRO) (?P<text>.*)$")
RUNNER_NEWS = re.compile(r"^(exited|gave up|spawnerr|killing|reaped)")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class LogFile:
    """One growing log, followed through its rotations."""

    def __init__(self, path: Path, *, from_end: bool) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._inode = 0
        self._rest = b""
        if from_end and path.exists():
            self._open()
            if self._file is not None:
                self._file.seek(0, 2)

    def new_lines(self) -> list[str]:
        lines = self._read()
        if self._was_rotated():
            self._open()
            lines += self._read()
        return lines

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _read(self) -> list[str]:
        if self._file is None:
            return []
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def _was_rotated(self) -> bool:
        return self._path.exists() and self._path.stat().st_ino != self._inode

    def _open(self) -> None:
        self.close()
        self._file = self._path.open("rb")
        self._inode = self._path.stat().st_ino
        self._rest = b""


class LogStream:
    """All logs of a home, also of processes that begin to log later."""

    def __init__(self, home: Home, only: str | None = None) -> None:
        self._home, self._only = home, only
        self._files: dict[str, LogFile] = {}
        self._look(from_end=True)

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield process and line of what is new; then it is worth waiting a little."""
        self._look(from_end=False)
        for name, file in self._files.items():
            for line in file.new_lines():
                shown = runner_news(line) if name == LOG else line
                if shown:
                    yield name, shown

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    def _look(self, *, from_end: bool) -> None:
        for name in log_names(self._home, self._only):
            if name not in self._files:
                self._files[name] = LogFile(self._home.log(name), from_end=from_end)


def log_names(home: Home, only: str | None = None) -> list[str]:
    names = sorted(path.stem for path in home.logs.glob("*.log"))
    return [name for name in names if only in (None, name)]


def recent(home: Home, name: str, count: int) -> Iterator[tuple[str, str]]:
    for line in last_lines(home.log(name), count):
        shown = runner_news(line) if name == LOG else line
        if shown:
            yield name, shown


def runner_news(line: str) -> str | None:
    matched = RUNNER_LINE.match(line)
    if matched is None or not RUNNER_NEWS.match(matched["text"]):
        return None
    return matched["text"].replace("; not expected", "; unexpected, it is started again")


def show(name: str, line: str) -> None:
    """Print one line with its process in front, coloured on a terminal."""
    label = f"{name:<10}"
    if sys.stdout.isatty():
        colour = COLOURS[sum(name.encode()) % len(COLOURS)]
        label = f"\x1b[{colour}m{label}\x1b[0m"
    else:
        line = ESCAPE.sub("", line)
    sys.stdout.write(f"{label} | {line}\n")


def follow(stream: LogStream) -> Iterator[None]:
    """Print what is new, five times a second; yields after each look."""
    while True:
        for name, line in stream.lines():
            show(name, line)
        sys.stdout.flush()
        yield
        time.sleep(0.2)
