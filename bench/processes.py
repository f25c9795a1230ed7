"""What the processes of a stack use: CPU from /proc, memory as PSS."""

from collections.abc import Mapping
from pathlib import Path

import psutil


def cpu_seconds(pids: Mapping[str, int]) -> dict[str, float]:
    """User and system time so far, children included, ended ones too (Postgres has a backend for
    each connection)."""
    return {name: sum(map(_own, _family(pid))) for name, pid in pids.items()}


def pss_megabytes(pids: Mapping[str, int]) -> dict[str, float]:
    """Proportional set size: memory shared by n processes counts 1/n for each."""
    return {name: sum(map(_pss, _family(pid))) / 1024 for name, pid in pids.items()}


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def _pss(process: psutil.Process) -> int:
    """Kilobytes; the kernel's own sum."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
