"""`make bench`: what requests cost, beside the limits of the door and of the database.

Figures of one run belong together; figures of two runs do not, for machines are noisy. Hence most
budgets are ratios: see verdicts.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench import labelled, loading, scenarios, searching, verdicts, webhooks, writing
from bench.meter import Row
from bench.processes import pss_megabytes
from bench.report import Verdict, table
from bench.report import verdicts as printed
from stack.ports import any_free_port
from stack.stack import Stack

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


async def requests(scene: scenarios.Scene) -> list[Row]:
    """What does not depend on the size of the catalogue."""
    size = _page_bytes(scene)
    print(f"public page of {size} bytes", flush=True)
    rows = [await scenarios.upserts(scene)]
    with bare_app(size) as url:
        rows.append(await scenarios.door(url, scene.seconds))
    rows += await scenarios.reads(scene)
    rows.append(scenarios.sql(scene))
    rows += await webhooks.burst(scene)
    rows += await scenarios.login_storm(scene)
    return rows


async def search(scene: scenarios.Scene, works: int) -> list[Row]:
    """Fill the catalogue up to so many works, and search it."""
    print(f"\nloading {works:,} works …", flush=True)
    rows = [await loading.fill(scene.stack, works)]
    rows += await searching.through_the_gateway(scene, works)
    rows += searching.bare(scene, works)
    print(labelled.report(await searching.answers(scene)), flush=True)
    rows += await writing.compare(scene)
    return rows


def _page_bytes(scene: scenarios.Scene) -> int:
    address = f"{scene.stack.base_url}{scene.page.path}"
    with urllib.request.urlopen(address, timeout=10) as page:
        return len(page.read())


def show(rows: Sequence[Row], judged: Sequence[Verdict]) -> None:
    print(table(rows))
    print(printed(judged), flush=True)


async def measure(scene: scenarios.Scene, memory: float) -> list[Row]:
    rows = await requests(scene)
    show(rows, verdicts.of_requests(rows, memory))
    return rows


async def measure_search(scene: scenarios.Scene, sizes: Sequence[int]) -> list[Row]:
    """The same catalogue, grown from one size to the next."""
    rows: list[Row] = []
    smallest: dict[str, Row] = {}
    for works in sizes:
        latest = await search(scene, works)
        rows += latest
        by_name = {row.name: row for row in latest}
        growth = verdicts.of_growth(smallest, by_name, sizes[0]) if smallest else []
        smallest = smallest or by_name
        show(latest, [*verdicts.of_search(latest, works), *growth])
    return rows


async def run(stack: Stack, chosen: argparse.Namespace, memory: float) -> list[Row]:
    scene = scenarios.prepare(stack, chosen.seconds)
    rows = [] if chosen.only_search else await measure(scene, memory)
    return rows + await measure_search(scene, chosen.works)


def sizes_of(text: str) -> list[int]:
    """As 200000 or 200000,1000000."""
    return sorted({int(number) for number in text.split(",")})


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--works",
        type=sizes_of,
        default=[5_000],
        help="works in the catalogue; several sizes are measured one after another: 200000,1000000",
    )
    parser.add_argument("--only-search", action="store_true", help="what --works is for")
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
        rows = asyncio.run(run(stack, chosen, sum(memory.values())))
    if any(row.failures for row in rows):
        sys.exit("Some requests failed: see the table.")


if __name__ == "__main__":
    main()
