"""Processes and folders that a killed command left behind."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterable
from pathlib import Path

import psutil


def recorded(file: Path) -> psutil.Process | None:
    """Return the process of a pid file, unless the number now belongs to a younger one."""
    try:
        process = psutil.Process(int(file.read_text()))
        young = process.create_time() > file.stat().st_mtime + 1
        return None if young or process.status() == psutil.STATUS_ZOMBIE else process
    except (OSError, ValueError, psutil.Error):
        return None


def end(processes: Iterable[psutil.Process], how: signal.Signals) -> None:
    """Signal all of them, then wait; who does not go within 30 seconds is killed."""
    left = list(processes)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(how)
    _, stubborn = psutil.wait_procs(left, timeout=30)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=10)


def remove_temporary() -> None:
    """Stop and delete temporary servers and stacks whose test run was killed before it could."""
    for folder in Path(tempfile.gettempdir()).glob("tastebuds-*-*-*"):
        owner = folder.name.split("-")[2]
        mine = folder.stat().st_uid == os.getuid()
        if not mine or not owner.isdigit() or psutil.pid_exists(int(owner)):
            continue
        processes = [
            recorded(file) for file in sorted((folder / "run").glob("*.pid"), reverse=True)
        ]
        processes += [
            process
            for process in psutil.process_iter(["cmdline"])
            if any(str(folder) in part for part in process.info["cmdline"] or ())
        ]
        end([process for process in processes if process is not None], signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)
