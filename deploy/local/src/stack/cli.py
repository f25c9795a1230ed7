"""The command `tastebuds`: the whole stack on this machine, without containers."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import click

from stack import logs
from stack.errors import StackError
from stack.ports import PortUse
from stack.services import SERVICES
from stack.settings import load, repository
from stack.stack import Stack

NOT_RUNNING = 3  # what `status` of an init script says
STARTED = time.monotonic()


class Interrupted(Exception):
    """Ctrl-C, SIGTERM, or the terminal was closed."""


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - say it before anything fails oddly
        sys.exit("Tastebuds needs Python 3.11 or newer")
    try:
        commands.main(standalone_mode=True, prog_name="tastebuds")
    except StackError as error:
        click.echo(f"tastebuds: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        # No right to something in the home folder, a full disk …
        click.echo(f"tastebuds: {error.strerror or error}: {error.filename or ''}", err=True)
        sys.exit(1)
    except Interrupted:
        click.echo("Interrupted; nothing is left running.", err=True)
        sys.exit(130)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def commands() -> None:
    """The Tastebuds stack on this machine: Postgres, NATS and the services as plain processes.

    Settings come from the environment and from .env in the checkout, e.g. TASTEBUDS_PORT (the
    base port, 8400), TASTEBUDS_HOME (data, secrets and logs, .tastebuds), CATALOG_REPLICAS,
    TASTEBUDS_DATABASE_URL and TASTEBUDS_NATS_URL (use these servers instead of own ones).
    """


@commands.command()
def up() -> None:
    """Start everything, show the logs, and stop everything on Ctrl-C."""
    stack = _stack()
    with stack.home.locked(), _interruptible():
        stack.start("up")
        stream = logs.LogStream(stack.home)
        try:
            _welcome(stack)
            click.echo("  Ctrl-C stops everything. What follows are the logs.\n")
            for looks, _ in enumerate(logs.follow(stream)):
                if looks % 10 == 0 and not stack.runner.is_alive():
                    click.echo("The stack was stopped from elsewhere.")
                    break
        except Interrupted:
            click.echo()
        finally:
            _deaf_to_signals()
            _stop(stack)
            stream.close()


@commands.command()
def start() -> None:
    """Start everything in the background; return when it is ready, or say what is not and why."""
    stack = _stack()
    with stack.home.locked(), _interruptible():
        stack.start()
    _welcome(stack)
    click.echo("  tastebuds status | logs -f | stop\n")


@commands.command()
def stop() -> None:
    """Stop everything; the data stay."""
    stack = _stack()
    stack.use_remembered()
    if stack.runner.is_alive() or stack.runner.is_orphaned():
        _stop(stack)
    else:
        click.echo("Nothing runs.")


@commands.command()
def status() -> None:
    """Show each process, its ports, and whether it is ready. Exit status 0 when all are."""
    stack = _stack()
    stack.use_remembered()
    states = stack.states()
    if not states:
        orphans = stack.runner.is_orphaned()
        click.echo(
            "The runner was killed and left processes behind; `tastebuds stop` ends them."
            if orphans
            else f"Nothing runs (home {stack.home.root})."
        )
        sys.exit(NOT_RUNNING)
    readiness, row = stack.readiness(), "{:<12} {:<9} {:>8} {:>10}  {:<18} {}".format
    click.echo(row("PROCESS", "STATE", "PID", "UPTIME", "PORTS", "READY"))
    all_ready = True
    for name in sorted(states, key=_order(stack)):
        state, answer = states[name], readiness.get(name)
        ready = answer.ready if answer else state.state == "running"
        all_ready &= ready
        shown = "yes" if ready else f"no: {answer.reason if answer else state.description}"
        ports = " ".join(str(port) for port in _ports(stack.plan.ports(), name))
        pid = state.pid or "-"
        click.echo(row(name, state.state, pid, _uptime(state.uptime_seconds), ports, shown))
    click.echo(f"\n{stack.base_url}  (home {stack.home.root})")
    sys.exit(0 if all_ready else 1)


@commands.command("logs")
@click.argument("name", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes; end with Ctrl-C.")
@click.option("-n", "--lines", default=None, type=click.IntRange(0, 10_000), help="So many first.")
def show_logs(name: str | None, lines: int | None, *, follow: bool) -> None:
    """Show the last lines of all logs, or of NAME (postgres, nats, auth, catalog-2, runner …)."""
    stack = _stack()
    known = logs.log_names(stack.home)
    if name and name not in known:
        raise StackError(f"There is no log of {name}; there are: {', '.join(known) or 'none yet'}")
    stream = logs.LogStream(stack.home, name)
    count = lines if lines is not None else (100 if name else 15)
    for each in [name] if name else known:
        for process, line in logs.recent(stack.home, each, count):
            logs.show(process, line)
    try:
        with _interruptible():
            for _ in logs.follow(stream) if follow else ():
                continue
    except Interrupted:
        return
    finally:
        stream.close()


@commands.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(*, yes: bool) -> None:
    """Stop everything and delete all data, secrets, certificates and logs."""
    stack = _stack()
    if not stack.home.root.exists():
        click.echo(f"There is nothing to delete: {stack.home.root} does not exist.")
        return
    if not yes:
        click.confirm(f"Delete {stack.home.root} with all its data?", abort=True)
    if stack.runner.is_alive() or stack.runner.is_orphaned():
        _stop(stack)
    # An `up` in another terminal needs a moment to notice and to leave.
    with stack.home.locked(wait_seconds=10):
        stack.home.delete()
    click.echo(f"{stack.home.root} is deleted.")


@commands.command()
@click.argument("service", type=click.Choice([service.name for service in SERVICES]))
def env(service: str) -> None:
    """Print what the stack adds to the environment of SERVICE, with its secrets."""
    stack = _stack()
    stack.use_remembered()
    for name, value in sorted(stack.env(service).items()):
        click.echo(f"{name}={shlex.quote(value)}")


@commands.group()
def admin() -> None:
    """Who may see and do what only administrators may."""


@admin.command()
@click.argument("email")
def grant(email: str) -> None:
    """Make the user with this e-mail address an administrator."""
    _run_auth_cli("grant-admin", email)


@admin.command()
@click.argument("email")
def revoke(email: str) -> None:
    """Take the administrator's rights from this user."""
    _run_auth_cli("revoke-admin", email)


@commands.group()
def keys() -> None:
    """The keys that sign access tokens."""


@keys.command()
def rotate() -> None:
    """Sign with a new key from now on; tokens of the old one stay good until they expire."""
    _run_auth_cli("rotate-keys")


def _stack() -> Stack:
    return Stack(load(repository(), os.environ, SERVICES), SERVICES, _progress)


def _progress(name: str, text: str) -> None:
    click.echo(f"  {name:<12} {text:<58} {time.monotonic() - STARTED:6.1f} s")


def _welcome(stack: Stack) -> None:
    click.echo(f"\n  API and its documentation   {stack.base_url}/docs")
    click.echo(f"  Webhooks are posted to      {stack.env('ingest')['INGEST_WEBHOOK_PUBLIC_URL']}")
    demo = stack.demo_url()
    if demo:
        click.echo(f"  The demo menu               {demo}")
    click.echo(f"  Data, secrets and logs      {stack.home.root}\n")


def _stop(stack: Stack) -> None:
    click.echo("Stopping: the services first, then NATS, then Postgres …")
    began = time.monotonic()
    stack.stop()
    click.echo(f"Stopped in {time.monotonic() - began:.1f} s; the data are kept.")


def _run_auth_cli(*arguments: str) -> NoReturn:
    stack = _stack()
    stack.use_remembered()
    if not stack.runner.is_alive():
        raise StackError("The stack does not run: `tastebuds start` first")
    environment = stack.plan.full_environment(stack.plan.service("auth"))
    command = [sys.executable, "-m", "auth.cli", *arguments]
    os.execve(sys.executable, command, environment)  # noqa: S606 - no shell


def _order(stack: Stack) -> Callable[[str], int]:
    names = ["postgres", "nats", *(name for name, _, _ in stack.plan.processes())]
    return lambda name: names.index(name) if name in names else len(names)


def _ports(uses: list[PortUse], name: str) -> list[int]:
    return sorted(use.port for use in uses if use.process == name)


def _uptime(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} m" if hours else f"{minutes} m {rest:02} s"


@contextmanager
def _interruptible() -> Iterator[None]:
    """Turn Ctrl-C, SIGTERM and a closed terminal into one exception."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        _deaf_to_signals()
        raise Interrupted

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, interrupt)
    yield


def _deaf_to_signals() -> None:
    """Stopping is not interrupted: a second Ctrl-C would leave processes behind."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)


if __name__ == "__main__":
    main()
