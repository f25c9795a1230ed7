"""What is due is done once, by whichever replica; nothing that is over stays on the server."""

import asyncio
import signal
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import pytest
from nats.js.errors import NotFoundError
from sqlalchemy import select, text

from common import failures, jobs, sweep_schedules, sweeps
from common.queue_report import OK
from common.sweeps import LANE, MOST_BATCHES, Portion, Sweep, Sweeps
from common.working import Worker

EVERY_SECOND = "* * * * * *"
NEVER = "0 0 0 29 2 *"


class Leftovers:
    """Something to sweep; counts how often it was looked at."""

    def __init__(self, many=0):
        self.many, self.looks = many, 0

    async def sweep(self, session, limit):
        self.looks += 1
        some = min(self.many, limit)
        self.many -= some
        return some


@pytest.fixture
def sweeping(database, tables, jetstream, running):
    """`async with sweeping(sweep, …) as sweeps`: one replica that runs these sweeps of menus."""

    @asynccontextmanager
    async def run(*declared, is_start=False):
        sweeps = Sweeps("menus", declared, database, jetstream, tables.SweepRun)
        await sweep_schedules.declare(jetstream, sweeps)
        if is_start:
            await sweeps.run_at_start()
        worker = Worker("menus", LANE, sweeps.jobs)
        async with running(partial(worker.run, jetstream)):
            yield worker.state

    return run


@pytest.fixture
def runs(database, tables):
    """`await runs()`: the last run of each sweep by its name."""

    async def read():
        async with database.sessions() as session:
            rows = (await session.scalars(select(tables.SweepRun))).all()
        return {row.name: row for row in rows}

    return read


async def schedule_of(jetstream, name):
    try:
        found = await jetstream.get_last_msg(jobs.STREAM, f"sched.menus.sweep.{name}")
    except NotFoundError:
        return None
    return found.headers["Nats-Schedule"]


async def test_one_of_two_replicas_runs_it_at_each_tick(sweeping, runs, eventually):
    leftovers = Leftovers(3)
    sweep = Sweep("rows", EVERY_SECOND, "Sweeps.", leftovers.sweep)
    began = datetime.now(UTC)
    async with sweeping(sweep) as one, sweeping(sweep) as other:

        async def has_run_thrice():
            return leftovers.looks >= 3

        await eventually(has_run_thrice)
    assert leftovers.looks <= int((datetime.now(UTC) - began).total_seconds()) + 1
    assert one.done.total + other.done.total == leftovers.looks
    row = (await runs())["rows"]
    assert (row.result, row.dealt_with, leftovers.many) == (OK, 0, 0)
    assert row.finished_at >= row.started_at


async def test_it_runs_once_at_a_start_of_two_replicas(sweeping, runs, eventually):
    leftovers = Leftovers(3)
    sweep = Sweep("rows", NEVER, "Sweeps.", leftovers.sweep)
    async with sweeping(sweep, is_start=True), sweeping(sweep, is_start=True):

        async def has_run():
            return "rows" in await runs() and (await runs())["rows"].finished_at is not None

        await eventually(has_run)
        await asyncio.sleep(0.5)
    assert leftovers.looks == 1
    assert (await runs())["rows"].dealt_with == 3


async def test_a_start_leaves_schedules_alone_that_are_the_same(sweeping, jetstream):
    sweep = Sweep("rows", NEVER, "Sweeps.", Leftovers().sweep, "Europe/Prague")
    async with sweeping(sweep):
        before = await jetstream.get_last_msg(jobs.STREAM, "sched.menus.sweep.rows")
    async with sweeping(sweep):
        after = await jetstream.get_last_msg(jobs.STREAM, "sched.menus.sweep.rows")
    assert before.seq == after.seq


async def test_a_changed_definition_takes_the_place_of_the_old_one(sweeping, jetstream):
    leftovers = Leftovers()
    async with sweeping(Sweep("rows", NEVER, "Sweeps.", leftovers.sweep)):
        pass
    async with sweeping(Sweep("rows", "0 0 4 * * *", "Sweeps.", leftovers.sweep)):
        assert await schedule_of(jetstream, "rows") == "0 0 4 * * *"
        found = await jetstream.stream_info(jobs.STREAM, subjects_filter="sched.menus.>")
        assert found.state.subjects == {"sched.menus.sweep.rows": 1}


async def test_a_removed_sweep_leaves_nothing_behind(sweeping, jetstream, eventually):
    old, kept = Leftovers(), Sweep("kept", NEVER, "Stays.", Leftovers().sweep)
    async with sweeping(Sweep("old", NEVER, "Goes.", old.sweep), kept):
        pass
    async with sweeping(kept) as state:

        async def is_gone():
            return await schedule_of(jetstream, "old") is None and state.done.total == 1

        await eventually(is_gone)
        assert await schedule_of(jetstream, "kept") == NEVER
    info = await jetstream.consumer_info(jobs.STREAM, "menus-sweeps")
    assert (old.looks, info.num_pending, info.num_ack_pending) == (0, 0, 0)


async def test_it_goes_on_in_batches_until_nothing_is_left(sweeping, runs, eventually):
    leftovers = Leftovers(10 * MOST_BATCHES + 5)
    sweep = Sweep("rows", NEVER, "Sweeps.", leftovers.sweep, batch=10)
    async with sweeping(sweep, is_start=True) as state:

        async def is_clean():
            return leftovers.many == 0 and state.done.total == 2

        await eventually(is_clean)
    assert leftovers.looks == MOST_BATCHES + 1
    assert (await runs())["rows"].dealt_with == 5


async def test_no_rest_takes_the_time_of_the_job_away(sweeping, eventually, monkeypatch):
    monkeypatch.setitem(vars(sweeps), "RUN_SECONDS", 1.0)
    monkeypatch.setitem(vars(sweeps), "REST_AFTER_SECONDS", 0.5)
    monkeypatch.setitem(vars(failures), "HANDLER_SECONDS", 2.0)
    portions = [Portion(1, has_more=True), Portion(1, has_more=False)]

    async def take_long(session, limit):
        await asyncio.sleep(0.7)
        return portions.pop(0)

    async with sweeping(Sweep("rows", NEVER, "Is slow.", take_long), is_start=True) as state:

        async def is_done():
            return not portions and state.done.total == 2

        await eventually(is_done)
        assert state.failed.total == 0


async def test_a_failing_sweep_is_tried_again_and_shows_its_error(sweeping, runs, eventually):
    async def fail(session, limit):
        raise ValueError("the rows are in disorder")

    async with sweeping(Sweep("rows", NEVER, "Fails.", fail), is_start=True) as state:

        async def has_failed():
            return state.failed.total >= 1

        await eventually(has_failed)
    assert (await runs())["rows"].result == "ValueError: the rows are in disorder"


@pytest.mark.parametrize(
    ("trouble", "words"), [("fails", "ValueError: in disorder"), ("hangs", "had not ended")]
)
async def test_an_error_that_cannot_be_noted_is_told_all_the_same(
    sweeping, database, eventually, monkeypatch, trouble, words
):
    monkeypatch.setitem(vars(failures), "HANDLER_SECONDS", 0.5)

    async def rename(old, new):
        async with database.readers() as reader:
            await reader.execute(text(f"alter table menus.{old} rename to {new}"))

    async def fail(session, limit):
        await rename("sweep_runs", "sweep_runs_away")
        if trouble == "hangs":
            await asyncio.Event().wait()
        raise ValueError("in disorder")

    try:
        async with sweeping(Sweep("rows", NEVER, "Fails.", fail), is_start=True) as state:

            async def has_failed():
                return state.failed.total >= 1

            await eventually(has_failed)
            assert words in state.last_error
    finally:
        await rename("sweep_runs_away", "sweep_runs")


async def test_sweeps_go_on_after_a_crash_of_nats(
    nats_server, connect_nats, sweeping, runs, eventually
):
    leftovers = Leftovers()
    async with sweeping(Sweep("rows", EVERY_SECOND, "Sweeps.", leftovers.sweep)):

        async def has_run():
            return leftovers.looks >= 1

        await eventually(has_run)
        await asyncio.to_thread(nats_server.restart, signal.SIGKILL)
        before = leftovers.looks

        async def runs_again():
            return leftovers.looks > before

        await eventually(runs_again, 20)


async def test_a_sweep_that_looks_at_more_than_it_deals_with_goes_on(sweeping, runs, eventually):
    portions = [Portion(0, has_more=True), Portion(2, has_more=True), Portion(1, has_more=False)]

    async def look(session, limit):
        return portions.pop(0)

    async with sweeping(Sweep("rows", NEVER, "Looks.", look), is_start=True) as state:

        async def is_done():
            return not portions and state.done.total == 1

        await eventually(is_done)
    assert (await runs())["rows"].dealt_with == 3


def test_the_next_run_is_reckoned_in_its_time_zone():
    sweep = Sweep("rows", "30 0 4 * * *", "Sweeps.", Leftovers().sweep, "Europe/Prague")
    at = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert sweep.next_after(at) == datetime(2026, 7, 2, 2, 0, 30, tzinfo=UTC)
