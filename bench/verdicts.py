"""Which figures are within their budgets: architecture §9, and those of search for catalogues of
200 000 works and of a million (smaller ones are measured and not judged)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench import loading, searching, webhooks, writing
from bench.meter import Row
from bench.report import Verdict, at_least, at_most

# What the earlier version managed on the same kind of machine, at its best.
EARLIER_MENUS_PER_SECOND = 55
EARLIER_ME_PER_SECOND = 400
MENUS = "GET /api/menus (3 menus, 45 items)"
LARGE, LARGEST = 200_000, 1_000_000

Found = Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class Budget:
    """In milliseconds: CPU over all processes, p50 with one client; for so many works."""

    cpu: float
    p50: float
    works: range


# What may grow with the catalogue has a budget at one size, and for its growth: see of_growth.
SEARCH_BUDGETS = {
    searching.RARE: Budget(4, 6, range(LARGE, LARGEST)),
    searching.HALF: Budget(6, 10, range(LARGE, LARGEST)),
    searching.SUGGEST: Budget(3, 6, range(LARGEST, 2 * LARGEST)),
}


def of_requests(rows: Sequence[Row], idle_megabytes: float) -> list[Verdict]:
    found = {row.name: row for row in rows}
    return [
        *_reads(found),
        *_webhooks(found),
        at_most("memory of the idle backend (PSS)", idle_megabytes, 500, " MB"),
    ]


def _reads(found: Found) -> list[Verdict]:
    page, bare = found["public menu, warm"], found["bare ASGI app, as many bytes"]
    menus, sql = found[MENUS], found["bare SQL: menus of one owner"]
    me = found["GET /api/me"].per_second
    beside, alone = found["bystander during a login storm"], found["bystander reads menus, alone"]
    return [
        at_least("public menu: share of the bare app's req/s", _percent(page, bare), 60, "%"),
        at_least("GET /api/me: times the earlier version's", me / EARLIER_ME_PER_SECOND, 5, "×"),
        at_least(
            "GET /api/menus: times the earlier version's",
            menus.per_second / EARLIER_MENUS_PER_SECOND, 10, "×",
        ),
        at_most("GET /api/menus: CPU over all processes", menus.total_cpu_ms, 3, " ms"),
        Verdict("GET /api/menus: share of its bare SQL's req/s", f"{_percent(menus, sql):.0f}%"),
        at_most("bystander's p99 in a login storm", beside.p99_ms / alone.p99_ms, 3, "×"),
    ]  # fmt: skip


def _webhooks(found: Found) -> list[Verdict]:
    taken, worked = found[webhooks.ACCEPTED], found[webhooks.WORKED_OFF]
    return [
        at_least("webhooks accepted while others are worked on", taken.per_second, 500, "/s"),
        at_most("webhooks accepted: p99", taken.p99_ms, 100, " ms"),
        at_least("webhooks worked off after the burst", worked.per_second, 100, "/s"),
    ]


def of_search(rows: Sequence[Row], works: int) -> list[Verdict]:
    found = {row.name: row for row in rows}
    judged = works >= LARGE
    verdicts = [
        at_least(
            f"{loading.NAME}: works each second",
            found[loading.NAME].per_second,
            5000,
            "/s",
            judged=judged,
        ),
    ]
    for kind, budget in SEARCH_BUDGETS.items():
        alone, busy, is_due = found[kind + searching.ALONE], found[kind], works in budget.works
        verdicts += [
            at_most(
                f"{kind}: CPU over all processes",
                busy.total_cpu_ms, budget.cpu, " ms", judged=is_due,
            ),
            at_most(f"{kind}: p50 with one client", alone.p50_ms, budget.p50, " ms", judged=is_due),
            at_least(f"{kind}: with 16 clients", busy.per_second, 300, " req/s", judged=is_due),
        ]  # fmt: skip
    return [
        *verdicts,
        *_beside_sql(found),
        at_least(
            "single write: share of its speed without the indexes",
            _percent(found[writing.WITH], found[writing.WITHOUT]), 60, "%", judged=judged,
        ),
    ]  # fmt: skip


def _beside_sql(found: Found) -> list[Verdict]:
    """How much longer one client waits than for the statement alone, or to rank everything."""
    verdicts = []
    for kind in SEARCH_BUDGETS:
        through, bare = found[kind + searching.ALONE], found[searching.BARE + kind]
        verdicts.append(
            Verdict(f"{kind}: p50, times its bare SQL", f"{through.p50_ms / bare.p50_ms:.1f}×")
        )
    all_ranked, bare = found[searching.RANK_ALL], found[searching.BARE + searching.HALF]
    return [
        *verdicts,
        Verdict(
            "to rank all that match: times the bare SQL of search",
            f"{all_ranked.p50_ms / bare.p50_ms:.1f}×",
        ),
    ]


def of_growth(small: Found, large: Found, works: int) -> list[Verdict]:
    """The larger catalogue's CPU and p50, times those of the smaller with so many works."""
    verdicts = []
    for kind in searching.KINDS:
        cpu = large[kind].total_cpu_ms / small[kind].total_cpu_ms
        alone = kind + searching.ALONE
        p50 = large[alone].p50_ms / small[alone].p50_ms
        for what, times in (("CPU", cpu), ("p50", p50)):
            verdicts.append(
                at_most(f"{kind}: {what}, times {works:,}'s", times, 2, "×", judged=works >= LARGE)
            )
    return verdicts


def _percent(row: Row, of: Row) -> float:
    return 100 * row.per_second / of.per_second
