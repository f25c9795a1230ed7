"""What a load costs the whole stack: time, CPU per process, RPCs and SQL statements."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from bench import yardstick
from bench.load import Outcome
from bench.processes import cpu_seconds
from stack.stack import Stack

DATA_SERVICES = ("auth", "catalog", "ingest", "menus")
RPCS = re.compile(r"^grpc_server_handled_total\{[^}]*\} (\S+)$", re.MULTILINE)
STATEMENTS = re.compile(r"^sql_statements_total (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; CPU in milliseconds per request."""

    name: str
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: dict[str, float] = field(default_factory=dict)
    rpcs: float | None = None
    statements: float | None = None
    failures: int = 0
    yardstick_ms: float | None = None

    @property
    def total_cpu_ms(self) -> float:
        return sum(self.cpu_ms.values())


@dataclass(frozen=True, slots=True)
class Meter:
    stack: Stack

    async def measure(
        self, name: str, load: Callable[[], Awaitable[Outcome]], expected: int = 200
    ) -> Row:
        slowness = yardstick.cpu_ms()
        pids = self.pids()
        cpu, calls = cpu_seconds(pids), self._calls()
        outcome = await load()
        spent, called = cpu_seconds(pids), self._calls()
        slowness = (slowness + yardstick.cpu_ms()) / 2
        done = max(1, outcome.count)
        measured = row(
            name,
            outcome,
            cpu_ms={each: (spent[each] - cpu[each]) * 1000 / done for each in pids},
            calls=((called[0] - calls[0]) / done, (called[1] - calls[1]) / done),
            expected=expected,
        )
        return replace(measured, yardstick_ms=slowness)

    def pids(self) -> dict[str, int]:
        return {name: state.pid for name, state in self.stack.states().items()}

    def _calls(self) -> tuple[float, float]:
        """RPCs answered and SQL statements sent by all services so far."""
        pages = [self.stack.ops_text(service, "/metrics") for service in DATA_SERVICES]
        return (
            sum(float(count) for page in pages for count in RPCS.findall(page)),
            sum(float(count) for page in pages for count in STATEMENTS.findall(page)),
        )


def row(
    name: str,
    outcome: Outcome,
    *,
    cpu_ms: dict[str, float] | None = None,
    calls: tuple[float | None, float | None] = (None, None),
    expected: int = 200,
) -> Row:
    return Row(
        name,
        outcome.per_second,
        outcome.quantile_ms(0.5),
        outcome.quantile_ms(0.99),
        cpu_ms or {},
        rpcs=calls[0],
        statements=calls[1],
        failures=outcome.count - outcome.statuses.get(expected, 0),
    )
