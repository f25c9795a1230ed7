"""`make chaos`: what was accepted has its effect exactly once, whatever is killed meanwhile.

Takes a few minutes, prints counts, and ends with 1 on any loss.
"""

import argparse
import asyncio
import subprocess
import sys

from chaos import storm, upstreams
from chaos.curator import Curator, until
from chaos.drought import Drought
from chaos.left import left
from chaos.report import Report
from chaos.upstreams import Fault, Upstreams
from stack.stack import Stack

ENVIRONMENT = {
    "CATALOG_REPLICAS": "2",
    "INGEST_REPLICAS": "2",
    "TASTEBUDS_LOG_LEVEL": "WARNING",
    # The test asks for more in a minute than a person would.
    "INGEST_FETCHES_PER_MINUTE": "100000",
    "INGEST_UPSTREAM_TIMEOUT_SECONDS": "3",
}


# Longer than a message of a worker that was killed waits to come again.
LEFT_SECONDS = 60


def hosts_of(stack: Stack) -> list[str]:
    return [stack.webhook_url(number) for number in range(int(ENVIRONMENT["INGEST_REPLICAS"]))]


def grant_admin(stack: Stack, email: str) -> None:
    environment = stack.plan.full_environment(stack.plan.service("auth"))
    command = [sys.executable, "-m", "auth.cli", "grant-admin", email]
    subprocess.run(command, env=environment, check=True, timeout=60, capture_output=True)


def explain_dead_letters(curator: Curator, report: Report) -> None:
    letters = list(curator.pages("/api/ops/dead-letters"))
    report.expect("dead letters", len(letters), 0)
    for letter in letters[:5]:
        report.count(f"  {letter['subject']}", letter["error"])


def explain_queues(stack: Stack, curator: Curator, report: Report) -> None:
    until(lambda: not left(stack), LEFT_SECONDS)
    report.expect("messages left on the work queue", left(stack), {})
    queues = curator.ask("GET", "/api/ops/queues").json()
    stuck = {queue["name"]: queue["size"] for queue in queues["queues"] if queue["size"]}
    report.expect("messages that nobody takes", stuck, {})
    report.expect("warnings", queues["warnings"], [])


def run(weather: storm.Weather, faults: list[Fault]) -> Report:
    report, world = Report(), Upstreams()
    with (
        upstreams.serve(world) as url,
        Stack.temporary(world.settings(url) | ENVIRONMENT, durable=True) as stack,
    ):
        curator = Curator(stack.base_url)
        hosts, doors = hosts_of(stack), storm.open_doors(curator)
        print(f"storm: {weather.per_second:.0f} webhooks/s for {weather.seconds:.0f} s")
        receipts = asyncio.run(storm.storm(stack, hosts, doors, weather))
        stack.wait_ready(60)
        storm.judge(curator, doors, receipts, report)
        drought = Drought(curator, hosts, world, report)
        for fault in faults:
            print(f"upstream: {fault}")
            drought.pass_through(fault)
        grant_admin(stack, curator.email)
        curator.sign_in()
        print("afterwards")
        storm.judge_diary(curator, [*receipts.accepted, *drought.accepted], report)
        explain_dead_letters(curator, report)
        explain_queues(stack, curator, report)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--rate", type=float, default=300, help="webhooks per second")
    parser.add_argument("--seconds", type=float, default=40, help="length of the storm")
    parser.add_argument("--fault", action="append", type=Fault, help="default: every one in turn")
    chosen = parser.parse_args()
    report = run(storm.Weather(chosen.rate, chosen.seconds), chosen.fault or list(Fault))
    if report.losses:
        sys.exit("\n".join(["LOST:", *report.losses]))
    print("Nothing was lost.")


if __name__ == "__main__":
    main()
