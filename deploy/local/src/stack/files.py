"""Files and folders that only their owner may read."""

import os
import secrets
from pathlib import Path

from stack.errors import StackError


def private_folder(path: Path, mode: int = 0o700) -> Path:
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        path.chmod(mode)
    except OSError as error:
        raise StackError(
            f"The folder {path} cannot be made or written ({error.strerror}); "
            "give yourself the right, or choose another one with TASTEBUDS_HOME=…"
        ) from error
    return path


def write_private(path: Path, content: str | bytes) -> None:
    """Replaces the file in one step, so that a crash leaves the old or the new one."""
    data = content.encode() if isinstance(content, str) else content
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def kept_secret(path: Path) -> str:
    """Return the secret in the file, which is made when there is none yet."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32) + "\n")
    return path.read_text().strip()


def last_lines(path: Path, count: int = 15, since: int = 0) -> list[str]:
    """Return the end of a log from byte `since` on, without reading more than its last 64 kB."""
    if not path.exists():
        return []
    size = path.stat().st_size
    with path.open("rb") as file:
        # A log that is shorter than it was has been rotated: all of it is new.
        file.seek(max(since if since <= size else 0, size - 65_536))
        return file.read().decode(errors="replace").splitlines()[-count:]
