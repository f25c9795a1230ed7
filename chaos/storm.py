"""Webhooks come in at a steady rate while processes are killed, and frozen for a while."""

import asyncio
import json
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from chaos.curator import Curator, Door, until
from chaos.posting import Post, Receipts, post_steadily
from chaos.report import Report
from stack.stack import Stack

KILLED, FROZEN = signal.SIGKILL, signal.SIGSTOP
INCIDENTS = (
    ("ingest", KILLED),
    ("catalog", FROZEN),
    ("menus", KILLED),
    ("catalog-2", KILLED),
    ("postgres", FROZEN),
    ("nats", KILLED),
    ("ingest-2", FROZEN),
    ("postgres", KILLED),
    ("menus", KILLED),
    ("ingest-2", KILLED),
    ("catalog", KILLED),
)
FROZEN_SECONDS = 3.5
# Works that many events are about; each is appended to a menu by the first of them.
WORKS = 40
FIRST_WORK = 1_000
# One event in so many is about one of the others, which has to be looked up by a foreign id.
RARE_SHARE = 7
RARE_WORKS = 400
FIRST_RARE_WORK = 3_000_000
DRAIN_SECONDS = 600
UNDECIDED = ("received", "waiting")


@dataclass(frozen=True, slots=True)
class Weather:
    per_second: float
    seconds: float

    @property
    def pause(self) -> float:
        """Between two incidents."""
        frozen = FROZEN_SECONDS * sum(how is FROZEN for _, how in INCIDENTS)
        return max(1.0, (self.seconds - frozen) / (len(INCIDENTS) + 1))


@dataclass(frozen=True, slots=True)
class Doors:
    """Of integrations: one that also appends to a menu, and one that does not."""

    of_menu: Door
    plain: Door
    menu_id: str

    def post(self, number: int) -> Post:
        if number % RARE_SHARE:
            ids = {"tmdb": str(FIRST_WORK + number % WORKS)}
            return finished(self.of_menu, f"storm {number}", ids)
        rare = FIRST_RARE_WORK + number // RARE_SHARE % RARE_WORKS
        return finished(self.plain, f"rare {number}", {"imdb": f"tt{rare}"})


def finished(door: Door, mark: str, ids: dict[str, str]) -> Post:
    event = {"event": "finished", "id": mark, "media_type": "movie", "ids": ids, "note": mark}
    return Post(door.path, json.dumps(event).encode(), mark)


def open_doors(curator: Curator) -> Doors:
    menu_id, course_id = curator.compose("Storm", "Arrivals")
    effects = {"menu_id": menu_id, "course_id": course_id}
    return Doors(curator.integrate("menu", effects), curator.integrate("plain"), menu_id)


async def storm(stack: Stack, hosts: Sequence[str], doors: Doors, weather: Weather) -> Receipts:
    async with asyncio.TaskGroup() as tasks:
        incidents = tasks.create_task(_happen(stack, weather.pause))
        receipts = await post_steadily(
            hosts, doors.post, per_second=weather.per_second, seconds=weather.seconds
        )
        await incidents
    return receipts


async def _happen(stack: Stack, pause: float) -> None:
    for victim, how in INCIDENTS:
        await asyncio.sleep(pause)
        if how is FROZEN:
            print(f"    freeze {victim} for {FROZEN_SECONDS:g} s", flush=True)
            _signal_all(stack, victim, signal.SIGSTOP)
            await asyncio.sleep(FROZEN_SECONDS)
            _signal_all(stack, victim, signal.SIGCONT)
        else:
            print(f"    kill -9 {victim} ({stack.kill(victim)})", flush=True)


def _signal_all(stack: Stack, victim: str, how: signal.Signals) -> None:
    """Also those that it started: Postgres works in processes of its own for each connection."""
    for child in psutil.Process(stack.kill(victim, how)).children(recursive=True):
        child.send_signal(how)


def judge(curator: Curator, doors: Doors, receipts: Receipts, report: Report) -> None:
    """Every accepted webhook has one decision and one effect, however long the queue was."""
    began = time.monotonic()
    accepted = receipts.accepted
    report.count("webhooks accepted (202)", len(accepted))
    report.count("refused, so never promised", dict(receipts.refused))
    report.count("p50 / p99 of a 202, in ms", _quantiles(receipts))

    def is_drained() -> bool:
        return not curator.has_events(state=UNDECIDED)

    report.expect("all decided in time", until(is_drained, DRAIN_SECONDS), wanted=True)
    report.count("seconds to drain after the last post", f"{time.monotonic() - began:.0f}")
    inbox = curator.inbox()
    undone = [inbox[event] for event in accepted.values() if event in inbox]
    undone = [entry for entry in undone if entry.state != "done"]
    report.expect("accepted, but not in the inbox", len(set(accepted.values()) - set(inbox)), 0)
    report.expect("accepted, but not done", len(undone), 0)
    for entry in undone[:5]:
        report.count(f"  {entry.id} is {entry.state}", entry.decision)
    _judge_menu(curator, doors.menu_id, accepted, report)


def judge_diary(curator: Curator, marks: Sequence[str], report: Report) -> None:
    diary = curator.diary()
    report.expect("accepted, but not in the diary", sum(not diary[mark] for mark in marks), 0)
    twice = [mark for mark, times in diary.items() if times > 1]
    report.expect("effects that are there twice", len(twice), 0)


def _judge_menu(curator: Curator, menu_id: str, accepted: dict[str, str], report: Report) -> None:
    """Any of many events may have been the first that told of a work."""
    told = [mark.split() for mark in accepted]
    works = {int(number) % WORKS for kind, number in told if kind == "storm"}
    shelf = curator.works_in(menu_id)
    report.expect("works in the menu", len(set(shelf)), len(works))
    report.expect("works that are there twice", len(shelf) - len(set(shelf)), 0)


def _quantiles(receipts: Receipts) -> str:
    return f"{receipts.quantile_ms(0.5):.0f} / {receipts.quantile_ms(0.99):.0f}"
