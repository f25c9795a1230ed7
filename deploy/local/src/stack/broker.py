"""The NATS server's keys, configuration and command line."""

import secrets
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import nkeys

from stack.errors import StackError
from stack.files import private_folder, write_private
from stack.nats_permissions import permissions_of

ADMIN = "admin"


def server_program() -> str:
    """Return the path of nats-server: of this Python's environment, else of the system."""
    ours = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(ours) if ours.exists() else shutil.which("nats-server")
    if found is None:
        raise StackError("nats-server is not installed: run `make install`")
    return found


def seed_path(folder: Path, user: str) -> Path:
    return folder / f"{user}.seed"


def seed_file(folder: Path, user: str) -> Path:
    """Return the file with the user's nkey seed, which is made when there is none yet."""
    file = seed_path(folder, user)
    if not file.exists():
        seed = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)
        write_private(file, bytes(seed) + b"\n")
    return file


def write_users(folder: Path, services: Iterable[str]) -> Path:
    """Write the users and what each may do; a server of your own can include this file."""
    entries = [_user(seed_file(folder, ADMIN), "")]
    entries += [_user(seed_file(folder, name), _permissions(name)) for name in services]
    file = folder / "users.conf"
    write_private(file, "authorization {\n  users = [\n" + "".join(entries) + "  ]\n}\n")
    return file


def write_config(folder: Path, port: int, *, durable: bool, users: Path) -> Path:
    """Write and check the server's configuration."""
    store = private_folder(folder / "jetstream")
    lines = [
        f"listen: 127.0.0.1:{port}",
        "server_name: tastebuds",
        "jetstream {",
        f"  store_dir: {_text(str(store))}",
        # A message that was acknowledged to its publisher is on the disk.
        *(["  sync_interval: always"] if durable else []),
        "}",
        f"include {_text(users.name)}",
    ]
    config = folder / "server.conf"
    write_private(config, "\n".join(lines) + "\n")
    checked = subprocess.run(
        [server_program(), "-t", "-c", config],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if checked.returncode != 0:
        raise StackError("nats-server refuses its configuration: " + checked.stderr.strip())
    return config


def server_command(config: Path) -> list[str]:
    return [server_program(), "-c", str(config)]


def _user(file: Path, permissions: str) -> str:
    public = bytes(nkeys.from_seed(bytearray(file.read_bytes().strip())).public_key).decode()
    return f"    {{ nkey: {public}{permissions} }}\n"


def _permissions(service: str) -> str:
    allowed = permissions_of(service)
    return (
        ", permissions: {\n"
        f"      publish: {{ allow: [{_list(allowed.publish)}]\n"
        f"        deny: [{_list(allowed.deny_publish)}] }}\n"
        f"      subscribe: [{_list(allowed.subscribe)}]\n"
        '      allow_responses: { max: 1, expires: "5s" }\n'
        "    }"
    )


def _list(subjects: Iterable[str]) -> str:
    return ", ".join(_text(subject) for subject in subjects)


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
