"""`make bench`: what requests cost, beside the limits of the door and of the database.

Figures of one run belong together; figures of two runs do not, for machines are noisy. Hence most
budgets are ratios: see judge.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench import scenarios, webhooks
from bench.meter import Row
from bench.processes import pss_megabytes
from bench.report import Verdict, table, verdicts
from stack.ports import any_free_port
from stack.stack import Stack

# What the earlier version managed on the same kind of machine, at its best.
EARLIER_MENUS_PER_SECOND = 55
EARLIER_ME_PER_SECOND = 400
IDLE_SECONDS = 3


@contextmanager
def bare_app(size: int) -> Iterator[str]:
    """A uvicorn like the gateway's with an app that answers `size` bytes."""
    port = any_free_port()
    command = [
        sys.executable, "-m", "uvicorn", "bench.bare:app", "--host", "127.0.0.1",
        "--port", str(port), "--loop", "uvloop", "--http", "httptools", "--lifespan", "off",
        "--no-access-log", "--no-server-header", "--no-proxy-headers", "--log-level", "warning",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=os.environ | {"BARE_BYTES": str(size)})
    try:
        yield f"http://127.0.0.1:{_when_open(port)}"
    finally:
        process.terminate()
        process.wait(10)


def _when_open(port: int) -> int:
    give_up = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)
        else:
            return port


async def measure(stack: Stack, works: int, seconds: float) -> list[Row]:
    scene = scenarios.prepare(stack, works, seconds)
    size = _page_bytes(scene)
    print(f"public page of {size} bytes; loading {works} works …", flush=True)
    rows = [await scenarios.upserts(scene)]
    with bare_app(size) as url:
        rows.append(await scenarios.door(url, seconds))
    rows += await scenarios.reads(scene)
    rows += scenarios.sql(scene)
    rows += await webhooks.burst(scene)
    rows += await scenarios.login_storm(scene)
    return rows


def _page_bytes(scene: scenarios.Scene) -> int:
    address = f"{scene.stack.base_url}{scene.page.path}"
    with urllib.request.urlopen(address, timeout=10) as page:
        return len(page.read())


BESIDE = (
    ("GET /api/menus (3 menus, 45 items)", "bare SQL: menus of one owner"),
    ("search, rare word", "bare SQL: search, rare word"),
    ("search, word in half of the works", "bare SQL: search, common word"),
)


def shares(rows: list[Row]) -> list[Verdict]:
    """What is left of the database's own speed after gRPC, HTTP and JSON."""
    found = {row.name: row for row in rows}
    return [
        Verdict(
            f"{name}: share of its bare SQL's req/s",
            f"{found[name].per_second / found[bare].per_second:.0%}",
        )
        for name, bare in BESIDE
    ]


def judge(rows: list[Row], idle_megabytes: float) -> list[Verdict]:
    found = {row.name: row for row in rows}
    memory = Verdict(
        "memory of the idle backend (PSS)",
        f"{idle_megabytes:.0f} MB", "≤ 500 MB", idle_megabytes <= 500,
    )  # fmt: skip
    return [*_reads(found), *_webhooks(found), memory]


def _reads(found: Mapping[str, Row]) -> list[Verdict]:
    bare, page = found["bare ASGI app, as many bytes"], found["public menu, warm"]
    me, menus = found["GET /api/me"], found["GET /api/menus (3 menus, 45 items)"]
    alone = found["bystander reads menus, alone"]
    beside = found["bystander during a login storm"]
    share = page.per_second / bare.per_second
    menus_gain = menus.per_second / EARLIER_MENUS_PER_SECOND
    me_gain = me.per_second / EARLIER_ME_PER_SECOND
    slower = beside.p99_ms / alone.p99_ms
    return [
        Verdict(
            "public menu: share of the bare app's req/s", f"{share:.0%}", "≥ 60%", share >= 0.6
        ),
        Verdict(
            "GET /api/me: times the earlier version's req/s",
            f"{me_gain:.1f}×", "≥ 5×", me_gain >= 5,
        ),
        Verdict(
            "GET /api/menus: times the earlier version's req/s",
            f"{menus_gain:.1f}×", "≥ 10×", menus_gain >= 10,
        ),
        Verdict(
            "GET /api/menus: CPU over all processes",
            f"{menus.total_cpu_ms:.2f} ms", "≤ 3 ms", menus.total_cpu_ms <= 3,
        ),
        Verdict(
            "bystander's p99 in a login storm, times that without",
            f"{slower:.1f}×", "≤ 3×", slower <= 3,
        ),
    ]  # fmt: skip


def _webhooks(found: Mapping[str, Row]) -> list[Verdict]:
    taken, worked = found[webhooks.ACCEPTED], found[webhooks.WORKED_OFF]
    return [
        Verdict(
            "webhooks accepted while others are worked on",
            f"{taken.per_second:.0f}/s", "≥ 500/s", taken.per_second >= 500,
        ),
        Verdict(
            "webhooks accepted: p99", f"{taken.p99_ms:.0f} ms", "≤ 100 ms", taken.p99_ms <= 100
        ),
        Verdict(
            "webhooks worked off after the burst",
            f"{worked.per_second:.0f}/s", "≥ 100/s", worked.per_second >= 100,
        ),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--works", type=int, default=5_000, help="works in the catalogue")
    parser.add_argument("--seconds", type=float, default=5, help="length of each measurement")
    chosen = parser.parse_args()
    quiet = {
        "AUTH_LOGIN_FAILURES_PER_ACCOUNT": "1000000",
        "AUTH_LOGIN_FAILURES_PER_ADDRESS": "1000000",
        "TASTEBUDS_LOG_LEVEL": "WARNING",
    }
    with Stack.temporary(quiet, durable=True) as stack:
        time.sleep(IDLE_SECONDS)
        memory = pss_megabytes({name: state.pid for name, state in stack.states().items()})
        print("idle PSS in MB:", ", ".join(f"{k} {v:.0f}" for k, v in sorted(memory.items())))
        rows = asyncio.run(measure(stack, chosen.works, chosen.seconds))
    print(table(rows))
    print(verdicts([*judge(rows, sum(memory.values())), *shares(rows)]))
    if any(row.failures for row in rows):
        sys.exit("Some requests failed: see the table.")


if __name__ == "__main__":
    main()
