"""The process runner: a supervisord of our own, spoken to over a unix socket."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport

from stack.errors import StackError
from stack.files import last_lines, write_private
from stack.home import Home
from stack.launch import Launch
from stack.leftovers import end, recorded

LOG = "runner"
SERVICE_GROUP = "services"
# supervisor waits 1, 2, 3 … seconds between tries, so this many last for years.
FOR_EVER = 1_000_000


@dataclass(frozen=True)
class Program:
    """A process to keep running. Those of a lower `rank` start first and stop last."""

    name: str
    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: Path
    rank: int
    stop_signal: str = "TERM"
    stop_seconds: int = 20
    # Dying sooner than this counts as a failed start, after which the next one waits longer.
    settle_seconds: int = 5


@dataclass(frozen=True)
class ProcessState:
    name: str
    state: str
    pid: int
    uptime_seconds: int
    description: str


SERVICE_RANK = 30


class Runner:
    """Starts, watches, restarts and stops the programs; survives the command that started it."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._config = home.run / "supervisord.conf"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, programs: list[Program]) -> None:
        if self._child is not None:
            self._child.poll()
        self._write(programs)
        self._home.socket.unlink(missing_ok=True)
        with self._home.log(LOG).open("ab") as output:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(self._config)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._home.root,
                # Its own session: Ctrl-C in the terminal is for the command, which then stops us.
                start_new_session=True,
                umask=0o077,
            )
        give_up = time.monotonic() + 20
        while not self.is_alive():
            if self._child.poll() is not None or time.monotonic() > give_up:
                raise StackError(
                    "The process runner did not start:\n"
                    + "\n".join(last_lines(self._home.log(LOG)))
                )
            time.sleep(0.02)

    def is_alive(self) -> bool:
        try:
            with self._remote() as remote:
                return bool(remote.supervisor.getState())
        except Fault:  # it is shutting down
            return True
        except (OSError, HTTPException):
            return False

    def start_program(self, name: str) -> None:
        with self._remote() as remote:
            remote.supervisor.startProcess(self._full_name(name), False)  # noqa: FBT003 - do not wait

    def start_services(self) -> None:
        with self._remote() as remote:
            remote.supervisor.startProcessGroup(SERVICE_GROUP, False)  # noqa: FBT003 - do not wait

    def stop_program(self, name: str) -> None:
        """Stop it until it is started again; NOT_RUNNING is as good."""
        with contextlib.suppress(Fault), self._remote() as remote:
            remote.supervisor.stopProcess(self._full_name(name))

    def states(self) -> dict[str, ProcessState]:
        """Return the programs by name; none when the runner does not run or is shutting down."""
        try:
            with self._remote() as remote:
                answer = remote.supervisor.getAllProcessInfo()
        except (OSError, HTTPException, Fault):
            return {}
        entries = answer if isinstance(answer, list) else []
        states = [_state(entry) for entry in entries if isinstance(entry, dict)]
        return {state.name: state for state in states}

    def shutdown(self, timeout_seconds: float = 120) -> None:
        """Stop the services together, then NATS, then Postgres, then the runner."""
        pid = self._pid()
        with (
            contextlib.suppress(OSError, HTTPException, Fault),
            self._remote() as remote,
        ):
            remote.supervisor.shutdown()
        give_up = time.monotonic() + timeout_seconds
        while self._lives(pid):
            if time.monotonic() > give_up:
                break
            time.sleep(0.05)
        self.sweep()

    def sweep(self) -> list[str]:
        """Stop what a killed runner left behind; return the names."""
        files = {file.stem: file for file in sorted(self._home.run.glob("*.pid"))}
        found = {name: process for name, file in files.items() if (process := recorded(file))}
        servers = ("nats", "postgres")
        services = [name for name in found if name not in (LOG, *servers)]
        # The runner first, lest it starts again what we stop; what the services need at last.
        for names in ([LOG], services, *([name] for name in servers)):
            ours = [name for name in names if name in found]
            if ours:
                how = _stop_signal(self._home, ours[0])
                end([found[name] for name in ours], how)
        for file in files.values():
            file.unlink(missing_ok=True)
        return list(found)

    def is_orphaned(self) -> bool:
        """True when processes run although their runner does not."""
        return any(recorded(file) for file in self._home.run.glob("*.pid"))

    def _pid(self) -> int | None:
        with contextlib.suppress(OSError, HTTPException, Fault), self._remote() as remote:
            return int(str(remote.supervisor.getPID()))
        return None

    def _lives(self, pid: int | None) -> bool:
        if self._child is not None and self._child.poll() is not None:
            return False
        return pid is not None and psutil.pid_exists(pid)

    def _full_name(self, name: str) -> str:
        return name if name in ("postgres", "nats") else f"{SERVICE_GROUP}:{name}"

    def _relative(self, path: Path) -> str:
        """Home is the runner's current folder, so its own name never needs to be escaped."""
        return str(path.relative_to(self._home.root))

    @contextmanager
    def _remote(self) -> Iterator[ServerProxy]:
        # A new one each time: the transport keeps one connection and is not thread-safe.
        transport = SupervisorTransport(None, None, f"unix://{self._home.socket}")
        try:
            yield ServerProxy("http://127.0.0.1", transport=transport)
        finally:
            transport.close()

    def _write(self, programs: list[Program]) -> None:
        home = self._home
        sections = [
            "[supervisord]",
            f"logfile={self._relative(home.log(LOG))}",
            "logfile_maxbytes=5MB",
            "logfile_backups=1",
            f"pidfile={self._relative(home.run / 'runner.pid')}",
            "nodaemon=true",
            "silent=true",
            *(["user=root"] if os.geteuid() == 0 else []),
            "[unix_http_server]",
            f"file={_escaped(home.socket)}",
            "chmod=0700",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        ]
        for program in programs:
            sections += self._program(program)
        services = [program.name for program in programs if program.rank >= SERVICE_RANK]
        sections += [f"[group:{SERVICE_GROUP}]", f"programs={','.join(services)}"]
        sections += [f"priority={SERVICE_RANK}"]
        write_private(self._config, "\n".join(sections) + "\n")

    def _program(self, program: Program) -> list[str]:
        file = self._home.run / f"{program.name}.json"
        launch = Launch(
            argv=list(program.argv),
            env=program.env,
            cwd=str(program.cwd),
            pid_file=str(self._home.run / f"{program.name}.pid"),
        )
        write_private(file, json.dumps(launch | {"stop_signal": program.stop_signal}))
        return [
            f"[program:{program.name}]",
            f'command="{_escaped(sys.executable)}" -m stack.launch {self._relative(file)}',
            "autostart=false",
            "autorestart=true",
            f"startsecs={program.settle_seconds}",
            f"startretries={FOR_EVER}",
            f"stopsignal={program.stop_signal}",
            f"stopwaitsecs={program.stop_seconds}",
            "killasgroup=true",
            f"priority={program.rank}",
            f"stdout_logfile={self._relative(self._home.log(program.name))}",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=2",
            "redirect_stderr=true",
        ]


def _escaped(path: Path | str) -> str:
    """supervisor expands %(…)s in its configuration."""
    return str(path).replace("%", "%%")


def _state(entry: dict[str, object]) -> ProcessState:
    running = entry["statename"] in ("RUNNING", "STARTING")
    started, now = int(str(entry["start"])), int(str(entry["now"]))
    return ProcessState(
        name=str(entry["name"]),
        state=str(entry["statename"]).lower(),
        pid=int(str(entry["pid"])),
        uptime_seconds=max(0, now - started) if running else 0,
        description=str(entry["spawnerr"] or ""),
    )


def _stop_signal(home: Home, name: str) -> signal.Signals:
    try:
        launch = json.loads((home.run / f"{name}.json").read_text())
    except (OSError, ValueError):
        return signal.SIGTERM
    return signal.Signals[f"SIG{launch['stop_signal']}"]
