"""The table that `make bench` prints."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.meter import Row

PROCESSES = ("gateway", "auth", "catalog", "ingest", "menus", "postgres", "nats")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A ratio or figure of this run; with what architecture §9 allows, where it says something."""

    what: str
    measured: str
    budget: str = ""
    is_met: bool | None = None

    @property
    def word(self) -> str:
        return {True: "ok", False: "MISSED", None: ""}[self.is_met]


def at_most(
    what: str, measured: float, budget: float, unit: str, *, judged: bool = True
) -> Verdict:
    """`judged` or only told."""
    figure = f"{_rounded(measured)}{unit}"
    if not judged:
        return Verdict(what, figure)
    return Verdict(what, figure, f"≤ {budget:g}{unit}", measured <= budget)


def at_least(
    what: str, measured: float, budget: float, unit: str, *, judged: bool = True
) -> Verdict:
    figure = f"{_rounded(measured)}{unit}"
    if not judged:
        return Verdict(what, figure)
    return Verdict(what, figure, f"≥ {budget:g}{unit}", measured >= budget)


def table(rows: Sequence[Row]) -> str:
    wide = max(len(row.name) for row in rows)
    head = f"{'':{wide}}{'req/s':>8}{'p50 ms':>8}{'p99 ms':>8}{'CPU ms':>8}"
    lines = [f"{head}{'RPC':>6}{'SQL':>6}{'yard':>6}   CPU ms by process"]
    for row in rows:
        parts = [
            f"{name} {row.cpu_ms[name]:.2f}"
            for name in PROCESSES
            if row.cpu_ms.get(name, 0) >= 0.005
        ]
        cost = f"{row.total_cpu_ms:8.2f}" if row.cpu_ms else f"{'':8}"
        calls = "".join(
            f"{value:6.1f}" if value is not None else f"{'':6}"
            for value in (row.rpcs, row.statements, row.yardstick_ms)
        )
        trouble = f"   {row.failures} FAILED" if row.failures else ""
        lines.append(
            f"{row.name:{wide}}{row.per_second:8.0f}{row.p50_ms:8.2f}{row.p99_ms:8.2f}"
            f"{cost}{calls}   {', '.join(parts)}{trouble}"
        )
    return "\n".join(lines)


def verdicts(found: Sequence[Verdict]) -> str:
    lines = [f"{'ratios and budgets':62}{'measured':>16}{'allowed':>14}"]
    lines += [
        f"{verdict.what:62}{verdict.measured:>16}{verdict.budget:>14}   {verdict.word}".rstrip()
        for verdict in found
    ]
    return "\n".join(lines)


def _rounded(number: float) -> str:
    return f"{number:.0f}" if number >= 20 else f"{number:.2f}"
