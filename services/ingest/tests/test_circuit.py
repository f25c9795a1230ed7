"""The circuit's rules, on a clock that the tests move."""

import asyncio
from datetime import UTC, datetime

import pytest

from ingest.circuit import Circuit, State
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

from .upstream_stub import FakeTime

DOWN = UpstreamUnavailable("tmdb", "status 500")


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture
def circuit(time):
    return Circuit("tmdb", time.clock())


async def run(circuit, error=None, operation="fetch"):
    async with circuit.guard(operation):
        if error is not None:
            raise error


async def fail(circuit, error=DOWN, times=1):
    for _ in range(times):
        with pytest.raises(type(error)):
            await run(circuit, error)


async def test_three_failures_in_a_row_open_it(circuit, time):
    await fail(circuit, times=2)
    await run(circuit)
    await fail(circuit, times=2)
    assert circuit.snapshot().state is State.CLOSED
    await fail(circuit)
    time.passed = 5
    with pytest.raises(CircuitOpen, match=r"^tmdb temporarily unavailable$") as refusal:
        await run(circuit)
    assert refusal.value.retry_after == 10


async def test_backoff_doubles_to_five_minutes_and_a_success_forgets_it(circuit, time):
    await fail(circuit, times=3)
    backoffs = []
    for _ in range(6):
        backoffs.append(circuit.snapshot().current_backoff)
        time.passed += backoffs[-1]
        await fail(circuit)
    assert backoffs == [15, 30, 60, 120, 240, 300]
    time.passed += 300
    await run(circuit)
    assert circuit.snapshot().state is State.CLOSED
    await fail(circuit, times=3)
    assert circuit.snapshot().current_backoff == 15


async def test_only_one_probe_goes_through(circuit, time):
    await fail(circuit, times=3)
    time.passed = 15
    assert circuit.snapshot().state is State.HALF_OPEN
    async with circuit.guard("fetch"):
        with pytest.raises(CircuitOpen):
            await run(circuit)
    await run(circuit)
    assert circuit.snapshot().operations["fetch"].skipped == 1


@pytest.mark.parametrize(
    "ending", [asyncio.CancelledError(), NoFreeSlot("tmdb"), ZeroDivisionError()]
)
async def test_a_probe_that_tells_nothing_makes_room_for_the_next(circuit, time, ending):
    await fail(circuit, times=3)
    time.passed = 15
    with pytest.raises(type(ending)):
        await run(circuit, ending)
    assert circuit.snapshot().state is State.HALF_OPEN
    await run(circuit)
    assert circuit.snapshot().state is State.CLOSED


@pytest.mark.parametrize(
    "answer",
    [NotAtSource("tmdb", "movie:1"), RequestRejected("tmdb", 400), IncompleteItem("tmdb", "title")],
)
async def test_an_upstream_that_says_no_is_healthy(circuit, answer):
    await fail(circuit, times=2)
    await fail(circuit, answer)
    await fail(circuit, times=2)
    snapshot = circuit.snapshot()
    assert (snapshot.state, snapshot.failure_streak) == (State.CLOSED, 2)


async def test_our_own_limits_neither_count_nor_heal(circuit):
    await fail(circuit, times=2)
    await fail(circuit, NoFreeSlot("tmdb"), times=5)
    assert circuit.snapshot().failure_streak == 2


@pytest.mark.parametrize(
    "error", [UpstreamGarbage("tmdb", "x"), UpstreamRefused("tmdb", "KEY", 401)]
)
async def test_garbage_and_a_refused_key_count(circuit, error):
    await fail(circuit, error, times=3)
    assert circuit.snapshot().state is State.OPEN


async def test_a_throttle_opens_it_for_as_long_as_it_asks(circuit, time):
    await fail(circuit, UpstreamThrottled("tmdb", 3600))
    snapshot = circuit.snapshot()
    assert (snapshot.remaining_cooldown, snapshot.current_backoff) == (3600, 0)
    assert snapshot.open_until == datetime(2030, 1, 1, 13, tzinfo=UTC)
    time.passed = 3601
    await run(circuit)
    assert circuit.snapshot().state is State.CLOSED


async def test_a_throttle_has_an_end(circuit):
    await fail(circuit, UpstreamThrottled("tmdb", 10.0**9))
    assert circuit.snapshot().remaining_cooldown == 86_400


async def test_news_from_before_it_opened_is_ignored(circuit, time):
    early, late = circuit.guard("search"), circuit.guard("search")
    await early.__aenter__()
    await late.__aenter__()
    await fail(circuit, times=3)
    await early.__aexit__(None, None, None)
    assert circuit.snapshot().state is State.OPEN
    time.passed = 15
    async with circuit.guard("fetch"):
        await late.__aexit__(type(DOWN), DOWN, None)
        with pytest.raises(CircuitOpen):  # the probe is still on its way
            await run(circuit)
    assert circuit.snapshot().state is State.CLOSED


async def test_callers_who_leave_while_it_hangs_open_it(circuit, time):
    async def leave(after, of_which_ours=0):
        async with circuit.guard("search"):
            time.passed += after
            circuit.excuse(of_which_ours)
            raise asyncio.CancelledError

    for waited in [(1,), (5, 4), (5, 4), (5, 4), (3,), (3,), (3,)]:
        with pytest.raises(asyncio.CancelledError):
            await leave(*waited)
    snapshot = circuit.snapshot()
    assert (snapshot.state, snapshot.failure_total) == (State.OPEN, 3)
    assert snapshot.last_error == "no answer before the caller left"


async def test_it_counts_per_operation(circuit, time):
    async with circuit.guard("search"):
        time.passed += 0.25
    await fail(circuit, times=3)
    with pytest.raises(CircuitOpen):
        await run(circuit, operation="search")
    snapshot = circuit.snapshot()
    search, fetch = snapshot.operations["search"], snapshot.operations["fetch"]
    assert (search.started, search.succeeded, search.failed, search.skipped) == (1, 1, 0, 1)
    assert (search.last_latency_ms, search.last_error) == (250, None)
    assert (fetch.started, fetch.succeeded, fetch.failed, fetch.skipped) == (3, 0, 3, 0)
    assert fetch.last_error == snapshot.last_error == "tmdb is not available: status 500"
    assert (snapshot.opened_count, snapshot.failure_total) == (1, 3)
