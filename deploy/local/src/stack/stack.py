"""A whole stack: what the commands, the end-to-end tests and the measurements start and stop."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from stack import broker, databases, migrations, nats, tls
from stack.account import Account, postgres_account
from stack.cluster import check_cluster, clear_stale_lock, create_cluster, programs, server_command
from stack.environment import Plan, plain_environment
from stack.errors import StackError
from stack.files import last_lines, write_private
from stack.home import Home, RunningStack
from stack.leftovers import remove_temporary
from stack.ports import check_free, free_base
from stack.readiness import Readiness, ask_ready, fetch, is_found
from stack.runner import SERVICE_RANK, ProcessState, Program, Runner
from stack.services import NATS_PORT, POSTGRES_PORT, SERVICES, Service
from stack.settings import Settings, load, repository

Report = Callable[[str, str], None]
STARTS_BEFORE_GIVING_UP = 3


def _silent(_name: str, _text: str) -> None:
    return


class Stack:
    """One home folder with its servers and services. `report` hears of each step that is done."""

    def __init__(
        self,
        settings: Settings,
        services: tuple[Service, ...] = SERVICES,
        report: Report = _silent,
    ) -> None:
        self.home = Home(settings.home)
        self.runner = Runner(self.home)
        self.plan = Plan(settings, self.home, services)
        self._report = report
        self._log_sizes: dict[str, int] = {}

    @classmethod
    @contextmanager
    def temporary(
        cls,
        env: Mapping[str, str] | None = None,
        services: tuple[Service, ...] = SERVICES,
        *,
        repo: Path | None = None,
        durable: bool = False,
        demo: bool = False,
    ) -> Iterator["Stack"]:
        """Start a stack on free ports in a temporary home; `env` is its `.env` and environment.

        `durable=True` syncs to disk as the real one does: for measurements.
        """
        remove_temporary()
        environ = plain_environment(os.environ, services) | dict(env or {})
        with tempfile.TemporaryDirectory(
            prefix=f"tastebuds-stack-{os.getpid()}-", ignore_cleanup_errors=True
        ) as folder:
            settings = replace(
                load(Path(folder), environ, services),
                repo=repo or repository(),
                home=Path(folder),
                durable=durable,
                demo=demo,
            )
            stack = cls(settings, services)
            if "TASTEBUDS_PORT" not in environ:
                stack.plan = stack.plan.at(free_base(stack._ports_at))
            stack.start()
            try:
                yield stack
            finally:
                stack.stop()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._public_port}"

    def webhook_url(self, replica: int = 0) -> str:
        """The door of an ingest process, where senders post."""
        return f"http://{self.plan.listen(self.plan.service('ingest'), 'WEBHOOK_LISTEN', replica)}"

    @property
    def admin_database_url(self) -> str:
        """Plain postgresql:// URL of the stack's database, as administrator."""
        return databases.in_database(self.plan.admin_url, self.plan.database)

    def env(self, service: str, replica: int = 0) -> dict[str, str]:
        """Return what the stack adds to the environment of a service."""
        return self.plan.environment(self.plan.service(service), replica)

    def start(self, mode: str = "start") -> None:
        """Start everything and wait until it is ready; on failure stop it again and say why."""
        account = postgres_account(self._data, programs(), self.home.root)
        self.home.prepare(account.home_mode)
        self._refuse_or_clear()
        check_free(self.plan.ports(), self.plan.settings.base_port, self._ports_at)
        self._prepare(account)
        self._remember("starting")
        self._log_sizes = {log.stem: log.stat().st_size for log in self.home.logs.glob("*.log")}
        try:
            self._start_servers(account)
            self._start_services()
        except BaseException:
            self.stop()
            raise
        self._remember(mode)

    def stop(self) -> None:
        """Stop the services, then NATS, then Postgres; the data stay."""
        self.runner.shutdown()
        self.home.forget()

    def wait_ready(self, timeout_seconds: float | None = None) -> None:
        """Wait for the `/ready` of every service; raise StackError naming those that are not."""
        began = time.monotonic()
        timeout = timeout_seconds or self.plan.settings.ready_timeout
        waiting = {name: self._ops_port(name) for name, _, _ in self.plan.processes()}
        pids: dict[str, set[int]] = {name: set() for name in waiting}
        while True:
            answers = {name: ask_ready(port) for name, port in waiting.items()}
            for name, answer in answers.items():
                if answer.ready:
                    self._report(name, f"ready on {_addresses(self.plan, name)}")
                    del waiting[name]
            if not waiting:
                return
            for name, state in self.runner.states().items():
                pids.setdefault(name, set()).update({state.pid} - {0})
            crashed = [name for name in waiting if len(pids[name]) >= STARTS_BEFORE_GIVING_UP]
            if crashed or time.monotonic() - began > timeout:
                raise StackError(self._why_not_ready({n: answers[n] for n in crashed or waiting}))
            time.sleep(0.2)

    def readiness(self) -> dict[str, Readiness]:
        """Ask every service whether it is ready, all at once."""
        names = [name for name, _, _ in self.plan.processes()]
        with ThreadPoolExecutor(len(names) or 1) as threads:
            return dict(zip(names, threads.map(ask_ready, map(self._ops_port, names)), strict=True))

    def states(self) -> dict[str, ProcessState]:
        return self.runner.states()

    def kill(self, process: str, how: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to a process, e.g. `catalog`, `catalog-2`, `nats`; return its pid."""
        pid = self.states()[process].pid
        os.kill(pid, how)
        return pid

    def stop_process(self, process: str) -> None:
        """Stop one process until `start_process`."""
        self.runner.stop_program(process)

    def start_process(self, process: str) -> None:
        self.runner.start_program(process)

    def log(self, process: str, lines: int = 200) -> list[str]:
        """Return the end of a process's log since this stack was started."""
        return last_lines(self.home.log(process), lines, self._log_sizes.get(process, 0))

    def ops_text(self, process: str, path: str) -> str:
        """Return what the process's ops port answers, e.g. at `/queues` or `/metrics`."""
        return fetch(self._ops_port(process), path)[1]

    def use_remembered(self) -> RunningStack | None:
        """Take over the ports of the stack that runs, whatever the environment says now."""
        running = self.home.remembered()
        if running is not None:
            settings = replace(
                self.plan.settings, base_port=running.base_port, replicas=running.replicas
            )
            self.plan = replace(self.plan, settings=settings)
        return running

    @property
    def _data(self) -> Path:
        return self.home.postgres / "data"

    @property
    def _migrated(self) -> Path:
        """Beside the data it speaks of, so that it goes when they go."""
        return self.home.postgres / "migrated"

    @property
    def _public_port(self) -> int:
        return self.plan.local_port(self.plan.service("gateway"), "LISTEN")

    def _ops_port(self, process: str) -> int:
        entry = next(entry for entry in self.plan.processes() if entry[0] == process)
        return self.plan.local_port(entry[1], "OPS_LISTEN", entry[2])

    def _ports_at(self, base: int) -> list[int]:
        return [use.port for use in self.plan.at(base).ports()]

    def _remember(self, mode: str) -> None:
        settings = self.plan.settings
        self.home.remember(RunningStack(mode, settings.base_port, dict(settings.replicas)))

    def _refuse_or_clear(self) -> None:
        """A stack left by a killed command is stopped first; one in use is left alone."""
        running = self.home.remembered()
        if self.runner.is_alive():
            # Who started it in the foreground or had not finished would still hold the lock.
            if running is not None and running.mode == "start":
                self.use_remembered()
                raise StackError(
                    f"This stack already runs at {self.base_url}: see `tastebuds status`, "
                    "or end it with `tastebuds stop`"
                )
            self.runner.shutdown()
            self._report("runner", "stopped the stack that a killed command had left running")
        elif left := self.runner.sweep():
            self._report("runner", f"stopped what a killed runner had left: {', '.join(left)}")

    def _prepare(self, account: Account) -> None:
        """Make what the first start makes: data folder, keys, certificates, configuration."""
        names = [service.name for service in self.plan.services]
        with ThreadPoolExecutor(1) as thread:
            cluster = thread.submit(self._prepare_cluster, account)
            tls.issue(self.home.tls, names)
            users = broker.write_users(self.home.nats, names)
            self._nats_config = broker.write_config(
                self.home.nats,
                self.plan.settings.base_port + NATS_PORT,
                durable=self.plan.settings.durable,
                users=users,
            )
        cluster.result()

    def _prepare_cluster(self, account: Account) -> None:
        if self.plan.settings.database_url:
            return
        if not self._data.exists():
            create_cluster(self._data, self.home.secret("postgres-password"), account)
            self._report("postgres", "data folder made")
        check_cluster(self._data)
        clear_stale_lock(self._data)

    def _start_servers(self, account: Account) -> None:
        self.runner.start(self._programs(account))
        if not self.plan.settings.database_url:
            self.runner.start_program("postgres")
        if not self.plan.settings.nats_url:
            self.runner.start_program("nats")

    def _prepare_databases(self) -> None:
        plan = self.plan
        with ThreadPoolExecutor(1) as thread:
            broker_ready = thread.submit(self._wait_for_nats)
            try:
                databases.run_apart(
                    databases.prepare_database(plan.admin_url, plan.database, plan.passwords(), 60)
                )
            except StackError as error:
                raise StackError("\n".join([str(error), *self.log("postgres", 10)])) from error
        self._report("postgres", f"ready on {databases.place(plan.admin_url)}")
        broker_ready.result()

    def _migrate(self, fingerprint: str) -> None:
        plan, repo = self.plan, self.plan.settings.repo
        heads = migrations.newest(repo, plan.passwords())
        behind = migrations.outdated(plan.admin_url, plan.database, heads)
        if behind:
            services = {name: plan.service(name) for name in behind}
            migrations.upgrade(
                repo, {name: plan.full_environment(s) for name, s in services.items()}
            )
            self._report("migrations", f"done for {', '.join(behind)}")
        if not plan.settings.database_url:
            write_private(self._migrated, fingerprint)

    def _wait_for_nats(self) -> None:
        host, _, port = databases.place(self.plan.nats_url).partition(":")
        give_up = time.monotonic() + 60
        while not nats.answers(host, int(port or 4222)):
            if time.monotonic() > give_up:
                raise StackError(
                    "\n".join([f"NATS at {host}:{port} does not answer", *self.log("nats", 10)])
                )
            time.sleep(0.05)
        self._report("nats", f"ready on {host}:{port or 4222}")

    def _start_services(self) -> None:
        fingerprint = migrations.fingerprint(self.plan.settings.repo, self.plan.passwords())
        if self._migrated.exists() and self._migrated.read_text() == fingerprint:
            # They take longer to load than Postgres and NATS to start, and wait for them.
            self.runner.start_services()
            self._prepare_databases()
        else:
            self._prepare_databases()
            self._migrate(fingerprint)
            self.runner.start_services()
        self.wait_ready()
        if self.plan.settings.demo:
            self._seed_demo()

    def _seed_demo(self) -> None:
        """Seed the demo unless its menu already reads well."""
        demo = self._demo_path()
        if demo is not None and is_found(self._public_port, demo):
            return
        seeded = subprocess.run(
            [sys.executable, "-m", "stack.demo", self.base_url, str(self.home.root)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if seeded.returncode != 0:
            raise StackError("The demo could not be seeded: " + seeded.stderr.strip()[-2000:])
        for line in seeded.stdout.splitlines():
            self._report("demo", line)

    def demo_url(self) -> str | None:
        """Return the public address of the demo menu, once it is seeded."""
        path = self._demo_path()
        return self.base_url + path if path else None

    def _demo_path(self) -> str | None:
        file = self.home.root / "demo-menu"
        return f"/api/public/menus/{file.read_text().strip()}" if file.exists() else None

    def _why_not_ready(self, answers: Mapping[str, Readiness]) -> str:
        states = self.states()
        parts = []
        for name, answer in answers.items():
            state = states[name].state if name in states else "not running"
            parts.append(f"{name} is not ready: {state}, {answer.reason}. The end of its log:")
            parts += [f"  {line}" for line in self.log(name, 12)]
        return "\n".join(parts)

    def _programs(self, account: Account) -> list[Program]:
        plan, plain = self.plan, plain_environment(os.environ, self.plan.services)
        programs = [
            Program(
                name,
                service.argv,
                plan.full_environment(service, replica),
                plan.settings.repo,
                SERVICE_RANK,
            )
            for name, service, replica in plan.processes()
        ]
        if not plan.settings.database_url:
            port = plan.settings.base_port + POSTGRES_PORT
            command = server_command(self._data, port, durable=plan.settings.durable)
            argv = (*account.prefix, *command)
            # SIGINT is the fast shutdown: it does not wait for clients to leave.
            programs.append(Program("postgres", argv, plain, Path("/"), 10, "INT", 60, 1))
        if not plan.settings.nats_url:
            argv = tuple(broker.server_command(self._nats_config))
            programs.append(Program("nats", argv, plain, Path("/"), 20, settle_seconds=1))
        return programs


def _addresses(plan: Plan, process: str) -> str:
    ports = sorted(use.port for use in plan.ports() if use.process == process)
    return "ports " + ", ".join(map(str, ports))
