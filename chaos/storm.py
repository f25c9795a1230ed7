"""Webhooks come in at a steady rate while every process in turn is killed."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from chaos.curator import Curator, until
from chaos.posting import Post, Receipts, post_steadily
from chaos.report import Report
from stack.stack import Stack

VICTIMS = ("ingest", "catalog", "menus", "nats", "postgres", "ingest-2", "catalog-2")
# Works that the catalogue learns during the storm, each by several events.
WORKS = 40
DRAIN_SECONDS = 300
UNDECIDED = {"received", "waiting"}


@dataclass(frozen=True, slots=True)
class Weather:
    per_second: float
    seconds: float

    @property
    def pause(self) -> float:
        """Between two kills."""
        return self.seconds / (len(VICTIMS) + 1)


async def storm(stack: Stack, doors: Sequence[str], path: str, weather: Weather) -> Receipts:
    def make(number: int) -> Post:
        mark = f"storm {number}"
        event = {
            "event": "finished",
            "id": mark,
            "media_type": "movie",
            "ids": {"tmdb": str(1000 + number % WORKS)},
            "note": mark,
        }
        return Post(path, json.dumps(event).encode(), mark)

    async def kill() -> None:
        for victim in VICTIMS:
            await asyncio.sleep(weather.pause)
            pid = stack.kill(victim)
            print(f"    kill -9 {victim} ({pid})", flush=True)

    async with asyncio.TaskGroup() as tasks:
        killing = tasks.create_task(kill())
        receipts = await post_steadily(
            doors, make, per_second=weather.per_second, seconds=weather.seconds
        )
        await killing
    return receipts


def judge(curator: Curator, receipts: Receipts, report: Report) -> None:
    """Every accepted webhook has one decision and one effect, however long the queue was."""
    began = time.monotonic()
    accepted = receipts.accepted
    report.count("webhooks accepted (202)", len(accepted))
    report.count("refused, so never promised", dict(receipts.refused))
    report.count("p50 / p99 of a 202, in ms", _quantiles(receipts))

    def is_drained() -> bool:
        return not any(curator.pages("/api/integrations/inbox", state=sorted(UNDECIDED)))

    report.expect("all decided in time", until(is_drained, DRAIN_SECONDS), wanted=True)
    drained = time.monotonic() - began
    report.count("seconds to drain after the last post", f"{drained:.0f}")
    inbox, diary = curator.inbox(), curator.diary()
    missing = [mark for mark, event in accepted.items() if event not in inbox]
    undone = [inbox[event] for event in accepted.values() if event in inbox]
    undone = [entry for entry in undone if entry.state != "done"]
    report.expect("accepted, but not in the inbox", len(missing), 0)
    report.expect("accepted, but not done", len(undone), 0)
    for entry in undone[:5]:
        report.count(f"  {entry.id} is {entry.state}", entry.decision)
    report.expect("accepted, but not in the diary", sum(not diary[mark] for mark in accepted), 0)
    twice = [mark for mark, times in diary.items() if times > 1]
    report.expect("effects that are there twice", len(twice), 0)


def _quantiles(receipts: Receipts) -> str:
    return f"{receipts.quantile_ms(0.5):.0f} / {receipts.quantile_ms(0.99):.0f}"
