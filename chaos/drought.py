"""Upstreams fail in every way there is: the healthy one is not delayed, the others come back."""

import time
from typing import Any

from chaos.curator import Curator, until
from chaos.report import Report
from chaos.upstreams import Fault, Upstreams

ITEMS = 20
FAULTY_SECONDS = 12
# The circuit's pauses are 15 and 30 seconds; a retry waits for it.
RECOVERY_SECONDS = 150
HEALTHY_SECONDS = 10
OVER = {"succeeded", "partial", "failed", "cancelled"}


def drought(curator: Curator, upstreams: Upstreams, fault: Fault, report: Report) -> None:
    """One upstream fails, a job of works from it and a job from a healthy one are started."""
    first = 100_000 + 1_000 * list(Fault).index(fault)
    upstreams.faults["tmdb"] = fault
    sick = _start(curator, "tmdb", "movie:", first)
    began = time.monotonic()
    healthy = _start(curator, "google_books", "volume", first)
    is_done = until(lambda: _job(curator, healthy)["state"] in OVER, HEALTHY_SECONDS)
    took = time.monotonic() - began
    report.expect(f"{fault}: the healthy source is not delayed", is_done, wanted=True)
    report.count(f"{fault}: seconds of its job of {ITEMS}", f"{took:.1f}")
    time.sleep(max(0.0, FAULTY_SECONDS - took))
    before = _job(curator, sick)
    report.count(f"{fault}: done, waiting, error", _summary(before))
    upstreams.faults.clear()
    until(lambda: _job(curator, sick)["state"] in OVER, RECOVERY_SECONDS)
    after = _job(curator, sick)
    report.count(f"{fault}: seconds until all is done", f"{time.monotonic() - began:.0f}")
    report.expect(f"{fault}: works brought in after all", after["done"], ITEMS)
    report.expect(f"{fault}: given up", after["failed"], 0)


def _start(curator: Curator, source: str, prefix: str, first: int) -> str:
    items = [
        {"source": source, "external_id": f"{prefix}{first + number}"} for number in range(ITEMS)
    ]
    return str(curator.ask("POST", "/api/ingest/batch", json={"items": items}).json()["id"])


def _job(curator: Curator, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = curator.ask("GET", f"/api/ingest/jobs/{job_id}").json()
    return job


def _summary(job: dict[str, Any]) -> str:
    return f"{job['done']}, {job['total'] - job['done'] - job['failed']}, {job['last_error']!r}"
