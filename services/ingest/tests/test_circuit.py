"""The circuit's rules, on clocks that the tests move: the process's own and the database's."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from common.db import now
from ingest.errors import (
    CircuitOpen,
    IncompleteItem,
    NoFreeSlot,
    NotAtSource,
    RequestRejected,
    UpstreamGarbage,
    UpstreamRefused,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from ingest.limits.circuit import Circuit, snapshots
from ingest.limits.health import State

from .upstream_stub import FakeTime

DOWN = UpstreamUnavailable("tmdb", "status 500")


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture
def circuit(database, time):
    return Circuit("tmdb", database, time.clock())


@pytest.fixture
def other(database, time):
    """That of another replica."""
    return Circuit("tmdb", database, time.clock())


@pytest.fixture
def wait(database, time):
    """`await wait(15)`: so much later, by all clocks."""

    async def pass_by(seconds):
        await time.pass_by(seconds, database)

    return pass_by


@pytest.fixture
def snapshot(database, circuit):
    async def take():
        return (await snapshots(database, [circuit]))["tmdb"]

    return take


async def run(circuit, error=None, operation="fetch"):
    async with circuit.guard(operation):
        if error is not None:
            raise error


async def fail(circuit, error=DOWN, times=1):
    for _ in range(times):
        with pytest.raises(type(error)):
            await run(circuit, error)


async def test_three_failures_in_a_row_open_it(circuit, wait, snapshot):
    await fail(circuit, times=2)
    await run(circuit)
    await fail(circuit, times=2)
    assert (await snapshot()).state is State.CLOSED
    await fail(circuit)
    await wait(5)
    with pytest.raises(CircuitOpen, match=r"^tmdb temporarily unavailable$") as refusal:
        await run(circuit)
    assert refusal.value.retry_after == pytest.approx(10, abs=1)


async def test_backoff_doubles_to_five_minutes_and_a_success_forgets_it(circuit, wait, snapshot):
    await fail(circuit, times=3)
    backoffs = []
    for _ in range(6):
        backoffs.append((await snapshot()).current_backoff)
        await wait(backoffs[-1])
        await fail(circuit)
    assert backoffs == [15, 30, 60, 120, 240, 300]
    await wait(300)
    await run(circuit)
    assert (await snapshot()).state is State.CLOSED
    await fail(circuit, times=3)
    assert (await snapshot()).current_backoff == 15


async def test_only_one_probe_goes_through(circuit, other, wait, snapshot):
    await fail(circuit, times=3)
    await wait(15)
    assert (await snapshot()).state is State.HALF_OPEN
    await circuit.check("fetch")
    async with circuit.guard("fetch"):
        for each in (circuit, other):
            with pytest.raises(CircuitOpen):
                await run(each)
            with pytest.raises(CircuitOpen):
                await each.check("fetch")
    await run(other)
    assert (await snapshot()).operations["fetch"].skipped == 2


async def test_of_probes_that_come_together_one_goes_through(circuit, other, wait):
    await fail(circuit, times=3)
    await wait(15)
    asked = asyncio.Event()

    async def probe(each):
        async with each.guard("fetch"):
            await asyncio.wait_for(asked.wait(), 5)

    probes = [asyncio.create_task(probe(each)) for each in (circuit, other) * 5]
    done, waiting = await asyncio.wait(probes, timeout=1)
    asked.set()
    assert len(waiting) == 1
    assert all(isinstance(each.exception(), CircuitOpen) for each in done)
    await asyncio.gather(*waiting)


@pytest.mark.parametrize(
    "ending", [asyncio.CancelledError(), NoFreeSlot("tmdb"), ZeroDivisionError()]
)
async def test_a_probe_that_tells_nothing_makes_room_for_the_next(circuit, wait, snapshot, ending):
    await fail(circuit, times=3)
    await wait(15)
    with pytest.raises(type(ending)):
        await run(circuit, ending)
    assert (await snapshot()).state is State.HALF_OPEN
    await run(circuit)
    assert (await snapshot()).state is State.CLOSED


async def test_a_probe_whose_process_died_stands_in_nobodys_way_for_ever(circuit, other, wait):
    await fail(circuit, times=3)
    await wait(15)
    dead = circuit.guard("fetch")
    await dead.__aenter__()
    await wait(59)
    with pytest.raises(CircuitOpen):
        await run(other)
    await wait(1)
    await run(other)
    await dead.__aexit__(None, None, None)


@pytest.mark.parametrize(
    "answer",
    [NotAtSource("tmdb", "movie:1"), RequestRejected("tmdb", 400), IncompleteItem("tmdb", "title")],
)
async def test_an_upstream_that_says_no_is_healthy(circuit, snapshot, answer):
    await fail(circuit, times=2)
    await fail(circuit, answer)
    await fail(circuit, times=2)
    told = await snapshot()
    assert (told.state, told.failure_streak) == (State.CLOSED, 2)


async def test_our_own_limits_neither_count_nor_heal(circuit, snapshot):
    await fail(circuit, times=2)
    await fail(circuit, NoFreeSlot("tmdb"), times=5)
    assert (await snapshot()).failure_streak == 2


@pytest.mark.parametrize(
    "error", [UpstreamGarbage("tmdb", "x"), UpstreamRefused("tmdb", "KEY", 401)]
)
async def test_garbage_and_a_refused_key_count(circuit, snapshot, error):
    await fail(circuit, error, times=3)
    assert (await snapshot()).state is State.OPEN


async def test_a_throttle_opens_it_for_all_for_as_long_as_it_asks(circuit, other, wait, snapshot):
    await fail(circuit, UpstreamThrottled("tmdb", 3600))
    told = await snapshot()
    assert told.remaining_cooldown == pytest.approx(3600, abs=5)
    assert told.current_backoff == 0
    assert abs(told.open_until - now() - timedelta(hours=1)) < timedelta(seconds=5)
    with pytest.raises(CircuitOpen) as refusal:
        await run(other)
    assert refusal.value.retry_after == pytest.approx(3600, abs=5)
    await wait(3601)
    await run(other)
    assert (await snapshot()).state is State.CLOSED


async def test_a_throttle_has_an_end(circuit, snapshot):
    await fail(circuit, UpstreamThrottled("tmdb", 10.0**9))
    assert (await snapshot()).remaining_cooldown == pytest.approx(86_400, abs=5)


async def test_news_from_before_it_opened_is_ignored(circuit, wait, snapshot):
    early, late = circuit.guard("search"), circuit.guard("search")
    await early.__aenter__()
    await late.__aenter__()
    await fail(circuit, times=3)
    await early.__aexit__(None, None, None)
    assert (await snapshot()).state is State.OPEN
    await wait(15)
    async with circuit.guard("fetch"):
        await late.__aexit__(type(DOWN), DOWN, None)
        with pytest.raises(CircuitOpen):  # the probe is still on its way
            await run(circuit)
    assert (await snapshot()).state is State.CLOSED


async def test_callers_who_leave_while_it_hangs_open_it(circuit, time, snapshot):
    async def leave(after, of_which_ours=0):
        async with circuit.guard("search"):
            time.passed += after
            circuit.excuse(of_which_ours)
            raise asyncio.CancelledError

    for waited in [(1,), (5, 4), (5, 4), (5, 4), (2.4,), (2.4,), (2.4,)]:
        with pytest.raises(asyncio.CancelledError):
            await leave(*waited)
    told = await snapshot()
    assert (told.state, told.failure_total) == (State.OPEN, 3)
    assert told.last_error == "no answer before the caller left"


async def test_a_deadline_that_ends_an_operation_is_still_a_timeout(circuit, snapshot):
    async def hang():
        async with circuit.guard("search"):
            circuit.excuse(-5)  # as if it had lasted longer
            await asyncio.sleep(5)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(hang(), 0.05)
    assert (await snapshot()).failure_streak == 1


async def test_failures_of_all_replicas_count_together_and_any_success_heals(
    circuit, other, wait, snapshot
):
    await fail(circuit, times=2)
    await run(other)
    assert (await snapshot()).failure_streak == 0
    await fail(circuit)
    await fail(other, times=2)
    with pytest.raises(CircuitOpen):
        await run(circuit)
    await wait(15)
    await run(other)
    await run(circuit)
    assert (await snapshot()).opened_count == 1


async def test_failures_that_come_together_are_all_counted(circuit, other, snapshot):
    began = asyncio.Event()

    async def fail_late(each):
        async with each.guard("fetch"):
            await asyncio.wait_for(began.wait(), 5)
            raise DOWN

    both = [asyncio.create_task(fail_late(each)) for each in (circuit, other)]
    await asyncio.sleep(0.2)
    began.set()
    await asyncio.gather(*both, return_exceptions=True)
    assert (await snapshot()).failure_streak == 2


async def test_a_success_that_changes_nothing_writes_nothing(circuit, database):
    async def version():
        async with database.readers() as reader:
            return await reader.scalar(text("select xmin::text from ingest.upstream_limits"))

    await run(circuit)
    before = await version()
    await run(circuit)
    assert await version() == before


async def test_it_counts_per_operation(circuit, time, snapshot):
    async with circuit.guard("search"):
        time.passed += 0.25
    await fail(circuit, times=3)
    with pytest.raises(CircuitOpen):
        await run(circuit, operation="search")
    told = await snapshot()
    search, fetch = told.operations["search"], told.operations["fetch"]
    assert (search.started, search.succeeded, search.failed, search.skipped) == (1, 1, 0, 1)
    assert (search.last_latency_ms, search.last_error) == (250, None)
    assert (fetch.started, fetch.succeeded, fetch.failed, fetch.skipped) == (3, 0, 3, 0)
    assert fetch.last_error == told.last_error == "tmdb is not available: status 500"
    assert (told.opened_count, told.failure_total) == (1, 3)


async def test_what_was_never_asked_is_well(circuit, snapshot):
    assert (await snapshot()).state is State.CLOSED
    assert await circuit.cooldown() == 0
    await circuit.check("fetch")
