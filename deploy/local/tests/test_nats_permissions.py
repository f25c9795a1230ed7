"""What the services do on NATS is allowed, and what they must not do is not: on a real server."""

import asyncio
import json
import signal
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import nats
import nats.micro
import pytest
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StreamConfig

from stack.nats import TemporaryNats

EXPLICIT = AckPolicy.EXPLICIT


@pytest.fixture(scope="module")
def server():
    with TemporaryNats() as running:
        yield running


@asynccontextmanager
async def connected(server, user):
    refusals = []

    async def note(error):
        refusals.append(str(error))

    client = await nats.connect(
        server.url,
        nkeys_seed=str(server.seed_file(user)),
        inbox_prefix=f"_INBOX_{user}".encode(),
        error_cb=note,
    )
    client.refusals = refusals
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def menus(server):
    async with connected(server, "menus") as client:
        await declare(client, "menus")
        yield client


@pytest.fixture
async def ingest(server):
    async with connected(server, "ingest") as client:
        await declare(client, "ingest")
        yield client


async def declare(client, service):
    jetstream = client.jetstream(timeout=2)
    for config in (
        StreamConfig(name=service.upper(), subjects=[f"tastebuds.{service}.v1.>"]),
        StreamConfig(
            name="JOBS",
            subjects=["job.>", "sched.>"],
            retention=RetentionPolicy.WORK_QUEUE,
            allow_msg_schedules=True,
            allow_msg_ttl=True,
        ),
        StreamConfig(name="DLQ", subjects=["dlq.>"]),
    ):
        await jetstream.add_stream(config)
        await jetstream.update_stream(config)


async def refused(client, attempt):
    """The client sees a timeout; the reason comes to the error callback."""
    client.refusals.clear()
    with pytest.raises(NatsTimeoutError):
        await attempt
    assert "permissions violation" in client.refusals[0]


async def test_a_service_speaks_and_another_consumes_by_its_durable(menus, ingest):
    theirs = ingest.jetstream(timeout=2)
    await menus.jetstream().publish("tastebuds.menus.v1.MenuPublished", b"one")
    subjects = ["tastebuds.menus.v1.MenuPublished", "tastebuds.menus.v1.MenuChanged"]
    for named in ({"name": "ingest"}, {}):  # nats-py creates by another subject without a name
        config = ConsumerConfig(
            durable_name="ingest", filter_subjects=subjects, ack_policy=EXPLICIT, **named
        )
        await theirs.add_consumer("MENUS", config)
    bound = await theirs.pull_subscribe_bind("ingest", stream="MENUS")
    (message,) = await bound.fetch(1, timeout=2)
    await message.ack_sync()
    info = await theirs.consumer_info("MENUS", "ingest")
    assert (info.num_pending, info.num_ack_pending) == (0, 0)
    assert ingest.refusals == []


async def test_jobs_schedules_and_dead_letters_are_a_services_own(ingest):
    jetstream = ingest.jetstream(timeout=2)
    await jetstream.add_consumer("JOBS", lane("ingest-tmdb", "job.ingest.tmdb.>"))
    at = (datetime.now(UTC) + timedelta(seconds=0.1)).isoformat().replace("+00:00", "Z")
    headers = {"Nats-Schedule": f"@at {at}", "Nats-Schedule-Target": "job.ingest.tmdb.tick"}
    await jetstream.publish("sched.ingest.tick", b"now", headers=headers)
    assert (await jetstream.get_last_msg("JOBS", "sched.ingest.tick")).data == b"now"
    bound = await jetstream.pull_subscribe_bind("ingest-tmdb", stream="JOBS")
    (message,) = await bound.fetch(1, timeout=3)
    assert message.subject == "job.ingest.tmdb.tick"
    await message.ack_sync()
    letter = await jetstream.publish("dlq.ingest.waiting.ingest-tmdb", b"dead")
    found = await jetstream.get_msg("DLQ", 1, subject="dlq.ingest.>", next=True)
    assert (found.seq, found.data) == (letter.seq, b"dead")
    assert await jetstream.delete_msg("DLQ", letter.seq)
    assert ingest.refusals == []


async def test_what_an_operator_does_to_consumers_is_allowed(menus):
    jetstream = menus.jetstream(timeout=2)
    await jetstream.add_consumer("JOBS", lane("menus-sweeps", "job.menus.sweeps.>"))
    config = ConsumerConfig(name="menus", durable_name="menus", ack_policy=EXPLICIT)
    await jetstream.add_consumer("MENUS", config)
    until = (datetime.now(UTC) + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
    for stream, durable in (("JOBS", "menus-sweeps"), ("MENUS", "menus")):
        assert (await jetstream.pause_consumer(stream, durable, until)).paused
        assert not (await jetstream.resume_consumer(stream, durable)).paused
    said = await jetstream.publish("tastebuds.menus.v1.MenuChanged", b"old")
    assert (await jetstream.get_msg("MENUS", said.seq)).data == b"old"
    assert menus.refusals == []


async def test_nobody_takes_the_jobs_of_another(menus, ingest):
    ours, theirs = menus.jetstream(timeout=0.2), ingest.jetstream(timeout=0.2)
    await ours.add_consumer("JOBS", lane("menus-sweeps", "job.menus.sweeps.>"))
    await theirs.add_consumer("JOBS", lane("ingest-tmdb", "job.ingest.tmdb.>"))
    for client, jetstream, durable, subject in (
        (menus, ours, "ingest-tmdb", "job.menus.x.>"),
        (menus, ours, "menus-sweeps", "job.ingest.sweeps.>"),
        (ingest, theirs, "menus-sweeps", "job.ingest.x.>"),
        (ingest, theirs, "ingest-y", "job.menus.y.>"),
    ):
        await refused(client, jetstream.add_consumer("JOBS", lane(durable, subject)))
    for client, jetstream, durable in (
        (menus, ours, "ingest-tmdb"),
        (ingest, theirs, "menus-sweeps"),
    ):
        bound = await jetstream.pull_subscribe_bind(durable, stream="JOBS")
        await refused(client, bound.fetch(1, timeout=0.2))
        await refused(client, jetstream.pause_consumer("JOBS", durable, "2040-01-01T00:00:00Z"))
        await refused(client, jetstream.publish(f"$JS.ACK.JOBS.{durable}.1.1.1.1.0", b""))


def lane(durable, subject):
    return ConsumerConfig(
        name=durable, durable_name=durable, filter_subject=subject, ack_policy=EXPLICIT
    )


async def test_the_gateway_follows_events_and_says_nothing(server, menus):
    async with connected(server, "gateway") as gateway:
        jetstream = gateway.jetstream(timeout=0.5)
        config = ConsumerConfig(filter_subject="tastebuds.menus.v1.>", ack_policy=AckPolicy.NONE)
        made_up = await jetstream.add_consumer("MENUS", config)
        follower = await jetstream.pull_subscribe_bind(made_up.name, stream="MENUS")
        await menus.jetstream().publish("tastebuds.menus.v1.MenuChanged", b"")
        assert await follower.fetch(1, timeout=2)
        assert await jetstream.delete_consumer("MENUS", made_up.name)
        assert gateway.refusals == []

        await refused(gateway, jetstream.delete_consumer("MENUS", "ingest"))
        await refused(gateway, jetstream.publish("tastebuds.menus.v1.MenuChanged", b""))


async def test_services_find_each_other(server, menus, ingest):
    service = await nats.micro.add_service(
        menus, nats.micro.ServiceConfig(name="menus", version="1.0.0")
    )
    await menus.flush()
    answer = await ingest.request("$SRV.PING.menus", b"", timeout=2)
    assert json.loads(answer.data)["name"] == "menus"
    await service.stop()
    assert menus.refusals == []


async def test_nobody_speaks_or_acts_for_another(menus):
    jetstream = menus.jetstream(timeout=0.2)
    foreign = ConsumerConfig(name="ingest", durable_name="ingest")
    for attempt in (
        jetstream.publish("tastebuds.auth.v1.UserDeleted", b"", timeout=0.2),
        jetstream.publish("job.ingest.sweep", b"", timeout=0.2),
        jetstream.add_consumer("MENUS", foreign),
        jetstream.delete_consumer("MENUS", "ingest"),
        jetstream.delete_stream("MENUS"),
        jetstream.purge_stream("JOBS"),
    ):
        await refused(menus, attempt)


async def test_nobody_listens_where_others_are_answered(menus):
    for subject in ("_INBOX_auth.>", "tastebuds.>", "$JS.>"):
        menus.refusals.clear()
        await menus.subscribe(subject)
        await menus.flush()
        await asyncio.sleep(0.05)
        assert "permissions violation for subscription" in menus.refusals[0]


def test_a_stranger_is_not_let_in(server):
    # By hand: nats-py leaves its connection open when it is refused.
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port), timeout=5) as stranger:
        stranger.sendall(b'CONNECT {"verbose": false}\r\nPING\r\n')
        told = b"".join(iter(lambda: stranger.recv(4096), b""))
    assert b"'Authorization Violation'" in told
    assert b"PONG" not in told


async def test_data_outlive_a_crash_of_the_server(server):
    async with connected(server, "admin") as client:
        await client.jetstream().publish("dlq.auth.kept", b"still here")
        server.restart(signal.SIGKILL)
        async with connected(server, "admin") as again:
            kept = await again.jetstream().get_last_msg("DLQ", "dlq.auth.kept")
    assert kept.data == b"still here"
