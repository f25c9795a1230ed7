"""Two replicas of ingest, one database, one upstream: what they share of it."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise

import httpx
import pytest
from sqlalchemy import text

from common import db
from common.db import is_unavailable
from ingest.drafts import Source
from ingest.errors import CircuitOpen, NoFreeSlot, UpstreamThrottled, UpstreamUnavailable
from ingest.limits import repository
from ingest.limits.health import State
from ingest.limits.limiter import Limiter
from ingest.upstream import Call, Limits, Patience, Profile, Upstream

from .upstream_stub import IMPATIENT, Answer, FakeTime, connected
from .wire import wire_to

PER_SECOND = 20
INTERVAL = 1 / PER_SECOND
SLOW = Patience(total=30, slot=30, search_slot=30, retries=0)


@asynccontextmanager
async def replica(upstream, patience=IMPATIENT, database=None):
    """An upstream as a process of its own has it."""
    profile = Profile(
        source=Source.TMDB, base_url=upstream.url, key_setting="K", requests_per_second=PER_SECOND
    )
    limits = Limits.of(profile, database or upstream.database, FakeTime().clock())
    async with httpx.AsyncClient() as client:
        yield Upstream(profile, patience, limits, client)


@pytest.fixture
async def replicas(upstream):
    async with replica(upstream, SLOW) as one, replica(upstream, SLOW) as other:
        yield one, other


async def ask(upstream, operation="fetch", path="x"):
    async with upstream.operation(operation):
        return await upstream.send(Call(path))


async def test_they_take_turns_evenly_and_together_never_ask_faster(upstream, replicas):
    upstream.plan("x", {})
    began = time.monotonic()
    await asyncio.gather(*(ask(each) for each in replicas for _ in range(15)))
    assert time.monotonic() - began >= 29 * INTERVAL
    arrived = upstream.asked_at
    # However late a turn is begun on a busy machine, there are never more than there may be.
    for first, last in zip(arrived, arrived[PER_SECOND:], strict=False):
        assert last - first > 1 - 2 * INTERVAL
    gaps = sorted(later - earlier for earlier, later in pairwise(arrived))
    assert gaps[len(gaps) // 2] == pytest.approx(INTERVAL, rel=0.5)


async def test_turns_are_given_in_the_order_of_asking(database):
    limiters = [Limiter("tmdb", 0.02, database) for _ in range(2)]
    async with database.readers() as session:
        await repository.add(session, "tmdb")
    done = []

    async def wait(number):
        await limiters[number % 2].wait_turn(5)
        done.append(number)

    waiting = []
    for number in range(10):
        waiting.append(asyncio.create_task(wait(number)))
        await asyncio.sleep(0.01)
    await asyncio.gather(*waiting)
    assert done == sorted(done)


async def test_who_would_wait_too_long_is_told_at_once_and_takes_no_turn(database):
    limiter = Limiter("tmdb", 1, database)
    async with database.readers() as session:
        await repository.add(session, "tmdb")
        turns = [await repository.take_turn(session, "tmdb", 1, 1.5) for _ in range(2)]
    assert turns == [pytest.approx(0, abs=0.2), pytest.approx(1, abs=0.2)]
    began = time.monotonic()
    for _ in range(5):
        with pytest.raises(NoFreeSlot):
            await limiter.wait_turn(1.5)
    assert time.monotonic() - began < 0.4
    async with database.readers() as session:
        third = await repository.take_turn(session, "tmdb", 1, 5)
    assert third == pytest.approx(2, abs=0.5)  # the five cost nobody a turn


async def test_of_a_crowd_each_has_a_turn_of_its_own(database):
    async with database.readers() as session:
        await repository.add(session, "tmdb")

    async def take():
        async with database.readers() as session:
            return time.monotonic() + await repository.take_turn(session, "tmdb", 0.1, 60)

    turns = sorted(await asyncio.gather(*(take() for _ in range(50))))
    assert turns[-1] - turns[0] == pytest.approx(4.9, abs=0.3)


async def test_only_turns_are_not_waited_for_on_the_disk(database):
    behind = text("select pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn()")
    turns, others = [], []
    async with database.readers() as session:
        await repository.add(session, "tmdb")
        for _ in range(10):
            await repository.take_turn(session, "tmdb", 0, 5)
            turns.append(await session.scalar(behind))
            await repository.put_off(session, "tmdb", 0.01)
            others.append(await session.scalar(behind))
    assert any(turns)
    assert not all(others)


async def test_a_search_has_less_patience_than_a_fetch(upstream):
    upstream.plan("x", {})
    hurried = replace(SLOW, search_slot=0.01)
    async with replica(upstream, hurried) as one, replica(upstream, hurried) as other:
        for each in (one, other):
            await ask(each)
        with pytest.raises(NoFreeSlot):
            await ask(one, "search")
        await ask(other)


async def test_a_failing_upstream_is_left_alone_by_both(upstream, replicas):
    upstream.plan("x", Answer(status=500))
    for each in (*replicas, replicas[0]):
        with pytest.raises(UpstreamUnavailable):
            await ask(each)
    for each in replicas:
        with pytest.raises(CircuitOpen):
            await ask(each)
    assert len(upstream.asked) == 3


async def test_a_short_pause_that_one_is_asked_for_is_kept_by_both(upstream):
    upstream.plan("x", Answer(status=429, headers={"Retry-After": "1"}), {})
    patience = replace(SLOW, retries=1, longest_pause=2)
    async with replica(upstream, patience) as one, replica(upstream, patience) as other:
        asked = asyncio.create_task(ask(one))
        while not upstream.asked:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await ask(other)
        assert time.monotonic() - began > 0.6
        await asked
    assert len(upstream.asked) == 3


async def test_a_search_that_its_deadline_ends_counts_as_hanging_without_the_wait_for_a_turn(
    upstream, database
):
    upstream.plan("tmdb/search/multi", Answer(after=5))
    patience = replace(IMPATIENT, total=10, retries=0)
    async with connected(upstream, patience=patience) as connectors:

        async def failures_after_search(deadline):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(connectors.pick("tmdb").search("foam", 1), deadline)
            return (await connectors.circuits())["tmdb"].failure_streak

        assert await failures_after_search(0.2) == 0
        async with database.readers() as session:
            await repository.put_off(session, "tmdb", 0.9)
        assert await failures_after_search(2.5) == 0
        assert await failures_after_search(2.5) == 1


async def test_all_sources_tell_how_they_are_in_one_statement(upstream):
    upstream.plan("tmdb/movie/1", Answer(status=429, headers={"Retry-After": "60"}))
    async with connected(upstream) as one, connected(upstream) as other:
        with pytest.raises(UpstreamThrottled):
            await one.pick("tmdb").fetch("movie:1")
        before = db.statements_total._value.get()
        circuits = await other.circuits()
        assert db.statements_total._value.get() - before == 1
        assert {name for name, each in circuits.items() if each.state is State.OPEN} == {"tmdb"}
        assert set(circuits) == set(other.on)
        assert circuits["tmdb"].failure_total == 0  # that is the other's


@pytest.mark.parametrize("fails", ["cut", "go_dead"])
async def test_while_postgres_is_away_nobody_is_asked(upstream, migrated, fails):
    upstream.plan("x", {})
    async with (
        wire_to(migrated("ingest")) as (wire, address),
        db.connect(address, pool_size=2) as far,
        replica(upstream, database=far) as one,
    ):
        await ask(one)
        getattr(wire, fails)()
        with pytest.raises(db.ERRORS) as error:
            await asyncio.wait_for(ask(one), 3)
        assert is_unavailable(error.value)
        assert len(upstream.asked) == 1
        wire.mend()
        await ask(one)
