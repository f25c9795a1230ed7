"""Which TCP ports of this machine are free."""

import secrets
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil

from stack.errors import StackError

# Below the range from which systems give ports to outgoing connections.
LOWEST, HIGHEST = 20_000, 31_000


@dataclass(frozen=True)
class PortUse:
    port: int
    process: str


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def any_free_port() -> int:
    return free_base(lambda base: [base])


def free_base(ports_at: Callable[[int], Iterable[int]]) -> int:
    """Return a base port of which every port that hangs on it is free.

    Random, so that test runs side by side do not all try the same one first.
    """
    for _ in range(1000):
        base = LOWEST + secrets.randbelow((HIGHEST - LOWEST) // 100) * 100 + secrets.randbelow(10)
        if all(is_free(port) for port in ports_at(base)):
            return base
    raise StackError(f"No free ports from {LOWEST} to {HIGHEST}")


def check_free(
    uses: Iterable[PortUse], base: int, ports_at: Callable[[int], Iterable[int]]
) -> None:
    """Name the first port that is taken, by whom, who needs it and what to do."""
    for use in uses:
        if is_free(use.port):
            continue
        better = next(
            (
                other
                for other in range(base + 100, 60_000, 100)
                if all(is_free(port) for port in ports_at(other))
            ),
            None,
        )
        hint = f"choose other ports, e.g. TASTEBUDS_PORT={better}" if better else "free the port"
        raise StackError(
            f"Port {use.port}, which {use.process} needs, is already taken{_holder(use.port)}: "
            f"stop that program or {hint}"
        )


def _holder(port: int) -> str:
    """Say who listens there, as far as this user may know."""
    try:
        connections = psutil.net_connections("tcp")
        pids = [
            c.pid for c in connections if c.status == "LISTEN" and c.laddr and c.laddr.port == port
        ]
        names = [f" by {psutil.Process(pid).name()} (pid {pid})" for pid in pids if pid]
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        return ""
    return names[0] if names else ""
