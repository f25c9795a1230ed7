"""Administrators, and nobody else, see a service's messages and have them mended."""

from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from functools import partial
from uuid import uuid4

import grpc
import pytest
from structlog.testing import capture_logs

from common import jobs
from common.access import services_of
from common.db import now
from common.declaring import declare
from common.envelopes import without_orders
from common.grpc_errors import from_rpc_error
from common.jobs import Job
from common.mending import DeadLetters
from common.ops.servicer import OpsServicer
from common.queues import Queues
from common.sweeps import LANE, Sweep, Sweeps
from common.working import Worker
from tastebuds.ops.v1 import ops_service_pb2 as pb
from tastebuds.ops.v1.ops_service_pb2_grpc import OpsServiceStub, add_OpsServiceServicer_to_server
from tastebuds.ops.v1.sweep_pb2 import SweepDue

ADMIN = uuid4()
SERVICES = services_of(pb.DESCRIPTOR)
CONSUMER = {"stream": "JOBS", "consumer": "menus-sweeps"}


@pytest.fixture
def looks():
    return []


@pytest.fixture
def worker(database, tables, jetstream, looks):
    return Worker("menus", LANE, sweeps_of(database, tables, jetstream, looks).jobs)


def sweeps_of(database, tables, jetstream, looks):
    async def look(session, limit):
        looks.append(limit)
        return 0

    sweep = Sweep("rows", "0 0 4 * * *", "Deletes rows.", look)
    return Sweeps("menus", [sweep], database, jetstream, tables.SweepRun)


@pytest.fixture
async def connect(serve, database, tables, jetstream, worker, looks):
    """`connect("gateway")`: a channel to the service menus as that caller."""
    await declare(jetstream, worker.state, most_pending=4)
    sweeps = sweeps_of(database, tables, jetstream, looks)
    every = list(sweeps.by_name.values())
    queues = Queues("menus", database, tables.all, jetstream._nc, [worker.state], every)
    letters = DeadLetters(jetstream, "menus")
    servicer = OpsServicer(queues, sweeps, letters, {"SweepDue": SweepDue})
    async with serve(
        "menus", SERVICES, lambda server: add_OpsServiceServicer_to_server(servicer, server)
    ) as connected:
        yield connected


@pytest.fixture
def ops(connect):
    return OpsServiceStub(connect("gateway"))


@pytest.fixture
def as_admin(people):
    return {"metadata": people.metadata(ADMIN, ["admin"]), "timeout": 10}


@asynccontextmanager
async def refused(reason):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        yield
    assert from_rpc_error(caught.value).reason == reason


@pytest.fixture
async def letter(jetstream, running, eventually, ops, as_admin):
    """A dead letter of the lane of sweeps."""

    async def refuse(due, delivery):
        raise RuntimeError("never")

    lane = jobs.Lane("sweeps", most_attempts=1)
    worker = Worker("menus", lane, {SweepDue: Job(refuse)})
    async with running(partial(worker.run, jetstream)):
        await jetstream.publish(
            jobs.subject("menus", "sweeps", SweepDue),
            SweepDue(name="rows").SerializeToString(),
            headers={jobs.MESSAGE_ID: str(uuid4())},
        )

        async def is_there():
            return worker.state.dead.total == 1

        await eventually(is_there)
    [found] = (await ops.ListDeadLetters(pb.ListDeadLettersRequest(), **as_admin)).dead_letters
    return found


@pytest.mark.parametrize("roles", [(), ("curator",)])
async def test_only_administrators_may(ops, people, roles):
    person = {"metadata": people.metadata(uuid4(), roles), "timeout": 10}
    for call, request in (
        (ops.GetQueues, pb.GetQueuesRequest()),
        (ops.ListDeadLetters, pb.ListDeadLettersRequest()),
        (ops.ReplayDeadLetters, pb.ReplayDeadLettersRequest(ids=[1])),
        (ops.DiscardDeadLetters, pb.DiscardDeadLettersRequest(ids=[1], reason="r")),
        (ops.PauseConsumer, pb.PauseConsumerRequest(**CONSUMER, seconds=1)),
        (ops.ResumeConsumer, pb.ResumeConsumerRequest(**CONSUMER)),
        (ops.RunSweep, pb.RunSweepRequest(name="rows")),
    ):
        async with refused("ADMIN_REQUIRED"):
            await call(request, **person)


async def test_other_services_may_not(connect, as_admin):
    async with refused("CALLER_NOT_ALLOWED"):
        await OpsServiceStub(connect("catalog")).GetQueues(pb.GetQueuesRequest(), **as_admin)


async def test_queues_are_told_in_full(ops, as_admin):
    reply = await ops.GetQueues(pb.GetQueuesRequest(), **as_admin)
    assert reply.service == "menus"
    assert reply.HasField("outbox")
    [consumer] = reply.consumers
    assert (consumer.name, list(consumer.subjects)) == ("menus-sweeps", ["job.menus.sweeps.>"])
    assert not consumer.HasField("paused_until")
    [schedule] = reply.schedules
    assert (schedule.name, schedule.cron) == ("rows", "0 0 4 * * *")
    assert schedule.next_run_at.ToDatetime(UTC) > now()
    assert not schedule.HasField("last_started_at")


async def test_a_pause_holds_also_when_the_consumer_starts_anew(
    ops, as_admin, jetstream, worker, running, eventually, looks
):
    reply = await ops.PauseConsumer(pb.PauseConsumerRequest(**CONSUMER, seconds=3600), **as_admin)
    assert timedelta(minutes=59) < reply.paused_until.ToDatetime(UTC) - now()
    async with running(partial(worker.run, jetstream)):
        await ops.RunSweep(pb.RunSweepRequest(name="rows"), **as_admin)

        async def waits():
            [consumer] = (await ops.GetQueues(pb.GetQueuesRequest(), **as_admin)).consumers
            until = consumer.paused_until.ToDatetime(UTC)
            return consumer.pending == 1 and abs(
                until - reply.paused_until.ToDatetime(UTC)
            ) < timedelta(seconds=1)

        await eventually(waits)
        assert looks == []
        for _ in range(2):
            await ops.ResumeConsumer(pb.ResumeConsumerRequest(**CONSUMER), **as_admin)

        async def is_done():
            return looks != []

        await eventually(is_done)


async def test_consumers_of_others_are_not_found(ops, as_admin):
    for stream, consumer in (("JOBS", "catalog-sweeps"), ("AUTH", "menus"), ("", ""), (">", "*")):
        async with refused("CONSUMER_NOT_FOUND"):
            await ops.PauseConsumer(
                pb.PauseConsumerRequest(stream=stream, consumer=consumer, seconds=1), **as_admin
            )


@pytest.mark.parametrize("seconds", [-1, 0, 86_401])
async def test_a_pause_has_bounds(ops, as_admin, seconds):
    async with refused("INVALID_OPERATION"):
        await ops.PauseConsumer(pb.PauseConsumerRequest(**CONSUMER, seconds=seconds), **as_admin)


async def test_a_sweep_runs_when_asked_and_it_is_noted_by_whom(
    ops, as_admin, jetstream, worker, running, eventually, looks
):
    with capture_logs() as logs:
        async with running(partial(worker.run, jetstream)):
            for _ in range(2):
                await ops.RunSweep(pb.RunSweepRequest(name="rows"), **as_admin)

            async def ran_twice():
                return len(looks) == 2

            await eventually(ran_twice)
    noted = [line for line in logs if line["event"] == "operator"]
    assert [(line["done"], line["admin"], line["sweep"]) for line in noted] == [
        ("sweep asked for", str(ADMIN), "rows")
    ] * 2


async def test_an_unknown_sweep_is_not_found(ops, as_admin):
    async with refused("SWEEP_NOT_FOUND"):
        await ops.RunSweep(pb.RunSweepRequest(name="nothing"), **as_admin)


async def test_a_letter_tells_what_it_was_and_why_it_failed(letter):
    assert (letter.service, letter.consumer, letter.stream) == ("menus", "menus-sweeps", "JOBS")
    assert letter.subject == "job.menus.sweeps.SweepDue"
    assert letter.body_json == '{"name": "rows"}'
    assert (letter.attempts, letter.error) == (1, "RuntimeError: never")
    assert letter.discarded_by == ""


async def test_a_page_of_long_letters_fits_in_one_answer(ops, as_admin, letter, jetstream):
    found = await jetstream.get_msg("DLQ", letter.id)
    body = SweepDue(name="x" * 900_000).SerializeToString()
    for _ in range(12):
        await jetstream.publish(found.subject, body, headers=without_orders(found.headers))
    reply = await ops.ListDeadLetters(pb.ListDeadLettersRequest(), **as_admin)
    short, *long = reply.dead_letters
    assert (short.body_size, short.body_json) == (len(short.body), '{"name": "rows"}')
    assert len(long) == 12
    for each in long:
        assert (each.body, each.body_size, each.body_json) == (body[: 16 * 1024], len(body), "")


async def test_a_letter_is_replayed(ops, as_admin, letter, jetstream, worker, running, eventually):
    reply = await ops.ReplayDeadLetters(
        pb.ReplayDeadLettersRequest(ids=[letter.id, 10**9, 0, -1]), **as_admin
    )
    assert reply.replayed_ids == [letter.id]
    async with running(partial(worker.run, jetstream)):

        async def is_done():
            return worker.state.done.total == 1

        await eventually(is_done)
    left = await ops.ListDeadLetters(pb.ListDeadLettersRequest(), **as_admin)
    assert not left.dead_letters


async def test_a_letter_for_a_lane_that_is_gone_stays_and_says_so(ops, as_admin, letter, jetstream):
    found = await jetstream.get_msg("DLQ", letter.id)
    gone = found.headers | {"Dlq-Subject": "job.menus.gone.SweepDue"}
    ack = await jetstream.publish(found.subject, found.data, headers=without_orders(gone))
    async with refused("LANE_GONE"):
        request = pb.ReplayDeadLettersRequest(ids=[letter.id, ack.seq])
        await ops.ReplayDeadLetters(request, **as_admin)
    left = await ops.ListDeadLetters(pb.ListDeadLettersRequest(), **as_admin)
    assert [each.id for each in left.dead_letters] == [letter.id, ack.seq]


async def test_a_letter_is_set_aside_with_who_and_why(ops, as_admin, letter):
    async with refused("INVALID_OPERATION"):
        await ops.DiscardDeadLetters(
            pb.DiscardDeadLettersRequest(ids=[letter.id], reason=" "), **as_admin
        )
    reply = await ops.DiscardDeadLetters(
        pb.DiscardDeadLettersRequest(ids=[letter.id], reason="not worth it"), **as_admin
    )
    assert reply.discarded_ids == [letter.id]
    assert (await ops.GetQueues(pb.GetQueuesRequest(), **as_admin)).dead_letters == 0
    request = pb.ListDeadLettersRequest(discarded=True)
    [found] = (await ops.ListDeadLetters(request, **as_admin)).dead_letters
    assert (found.discarded_by, found.discard_reason) == (str(ADMIN), "not worth it")
    assert reply.new_ids == {letter.id: found.id}


async def test_lists_are_bounded(ops, as_admin):
    for size in (-1, 101):
        async with refused("INVALID_PAGE"):
            await ops.ListDeadLetters(pb.ListDeadLettersRequest(page_size=size), **as_admin)
    async with refused("TOO_MANY"):
        await ops.ReplayDeadLetters(pb.ReplayDeadLettersRequest(ids=range(501)), **as_admin)
