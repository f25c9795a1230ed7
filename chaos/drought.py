"""Upstreams fail in every way there is: the healthy one is not delayed, the others come back."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from chaos.curator import Curator, Door, Entry, until
from chaos.posting import Post, post_steadily
from chaos.report import Report
from chaos.storm import FIRST_WORK, finished
from chaos.upstreams import Fault, Upstreams

ITEMS = 20
# Half of them about works that the catalogue has since the storm.
WEBHOOKS = 40
WEBHOOKS_PER_SECOND = 40.0
FIRST_UNKNOWN_WORK = 4_000_000
FAULTY_SECONDS = 12
# The circuit's pauses are 15 and 30 seconds; a retry waits for it.
RECOVERY_SECONDS = 150
HEALTHY_SECONDS = 10
OVER = {"succeeded", "partial", "failed", "cancelled"}


class Drought:
    """One upstream fails, while works of it and others are asked for, one by one and in batches."""

    def __init__(
        self, curator: Curator, hosts: Sequence[str], upstreams: Upstreams, report: Report
    ) -> None:
        self._curator = curator
        self._hosts = hosts
        self._upstreams = upstreams
        self._report = report
        self.accepted: list[str] = []

    def pass_through(self, fault: Fault) -> None:
        first = 100_000 + 1_000 * list(Fault).index(fault)
        door = self._curator.integrate(f"drought {fault}")
        self._upstreams.faults["tmdb"] = fault
        began = time.monotonic()
        sick = self._start("tmdb", "movie:", first)
        healthy = self._start("google_books", "volume", first)
        known, unknown = self._post(door, first)
        self._expect_no_delay(fault, healthy, door, known)
        time.sleep(max(0.0, began + FAULTY_SECONDS - time.monotonic()))
        self._count(fault, "done, waiting, error of the batch", _summary(self._job(sick)))
        self._count(fault, "webhooks that wait", self._number(door, unknown, done=False))
        self._upstreams.faults.clear()
        until(
            lambda: self._is_over(sick) and not self._number(door, unknown, done=False),
            RECOVERY_SECONDS,
        )
        self._count(fault, "seconds until all is done", f"{time.monotonic() - began:.0f}")
        after = self._job(sick)
        self._expect(fault, "works of the batch brought in after all", after["done"], ITEMS)
        self._expect(fault, "given up", after["failed"], 0)
        self._expect(fault, "webhooks done after all", self._number(door, unknown), len(unknown))

    def _expect_no_delay(self, fault: Fault, healthy: str, door: Door, known: set[str]) -> None:
        began = time.monotonic()

        def is_done() -> bool:
            return self._is_over(healthy) and self._number(door, known) == len(known)

        is_in_time = until(is_done, HEALTHY_SECONDS)
        took = time.monotonic() - began
        self._expect(fault, "what needs no such source is not delayed", is_in_time, wanted=True)
        self._count(fault, "seconds of the healthy batch and webhooks", f"{took:.1f}")
        slowest = max((each.seconds for each in self._events(door, known)), default=0.0)
        self._count(fault, "seconds of the slowest healthy webhook", f"{slowest:.1f}")

    def _post(self, door: Door, first: int) -> tuple[set[str], set[str]]:
        """The ids of the events about known works, and of those about unknown ones."""

        def make(number: int) -> Post:
            if number % 2:
                rare = FIRST_UNKNOWN_WORK + first + number
                return finished(door, f"unknown {first + number}", {"imdb": f"tt{rare}"})
            known = FIRST_WORK + number // 2
            return finished(door, f"known {first + number}", {"tmdb": str(known)})

        seconds = WEBHOOKS / WEBHOOKS_PER_SECOND
        receipts = asyncio.run(
            post_steadily(self._hosts, make, per_second=WEBHOOKS_PER_SECOND, seconds=seconds)
        )
        accepted = receipts.accepted
        self._report.expect("webhooks accepted (202)", len(accepted), WEBHOOKS)
        self.accepted += accepted
        known = {event for mark, event in accepted.items() if mark.startswith("known")}
        return known, set(accepted.values()) - known

    def _start(self, source: str, prefix: str, first: int) -> str:
        items = [
            {"source": source, "external_id": f"{prefix}{first + number}"}
            for number in range(ITEMS)
        ]
        reply = self._curator.ask("POST", "/api/ingest/batch", json={"items": items})
        return str(reply.json()["id"])

    def _job(self, job_id: str) -> dict[str, Any]:
        job: dict[str, Any] = self._curator.ask("GET", f"/api/ingest/jobs/{job_id}").json()
        return job

    def _is_over(self, job_id: str) -> bool:
        return self._job(job_id)["state"] in OVER

    def _events(self, door: Door, ids: set[str]) -> list[Entry]:
        inbox = self._curator.inbox(integration_id=door.integration_id)
        return [entry for entry in inbox.values() if entry.id in ids]

    def _number(self, door: Door, ids: set[str], *, done: bool = True) -> int:
        return sum((each.state == "done") is done for each in self._events(door, ids))

    def _count(self, fault: Fault, what: str, value: object) -> None:
        self._report.count(f"{fault}: {what}", value)

    def _expect(self, fault: Fault, what: str, value: object, wanted: object) -> None:
        self._report.expect(f"{fault}: {what}", value, wanted)


def _summary(job: dict[str, Any]) -> str:
    return f"{job['done']}, {job['total'] - job['done'] - job['failed']}, {job['last_error']!r}"
