"""The webhook door: a real HTTP server in front of a real Postgres."""

import asyncio
import json
import logging
import socket
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_network
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, update

from common import db, http_server
from common.db import now, statements_total
from ingest.door import body
from ingest.door.repository import NOTED_EVERY
from ingest.http import create_door
from ingest.models import Integration, Outbox, WebhookEvent
from tastebuds.ingest.v1.work_pb2 import WebhookReceived

from .integrations import integrate
from .wire import Wire, wire_to

MIB = 1024 * 1024
SENDERS = {"radarr", "sonarr", "arr", "plex", "seerr", "listenbrainz"}
PROXY = ip_network("127.0.0.1/32")


@asynccontextmanager
async def served(app):
    """The base address of an app on a server of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stopping = asyncio.Event()
    server = asyncio.create_task(http_server.serve(app, f"127.0.0.1:{port}", stopping, grace=1))
    async with asyncio.timeout(5):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stopping.set()
        await asyncio.wait_for(server, 10)


@asynccontextmanager
async def opened(app):
    """A client of an app."""
    async with (
        served(app) as url,
        httpx.AsyncClient(base_url=url, timeout=15, trust_env=False) as client,
    ):
        yield client


@pytest.fixture
async def door(database):
    async with opened(create_door(database, (PROXY,), SENDERS)) as client:
        yield client


async def answer_to(request):
    reply = await request
    return reply.status_code, reply.json(), reply.headers


async def rows(database, *columns):
    async with database.readers() as session:
        return (await session.execute(select(*columns))).all()


def is_problem(answer, status, reason):
    given, content, headers = answer
    assert given == status, content
    assert headers["Content-Type"] == "application/problem+json"
    assert content["reason"] == reason
    assert content["status"] == status
    assert {"type", "title", "detail", "instance", "trace_id"} <= content.keys()
    return True


async def test_what_comes_is_kept_as_it_is_with_the_work_it_makes(door, database):
    integration, token = await integrate(database)
    headers = {"Content-Type": "text/plain", "X-Forwarded-For": "203.0.113.7"}
    status, content, _ = await answer_to(
        door.post(f"/api/webhooks/radarr/{token}", content=b"\x00 no json \xff", headers=headers)
    )
    assert status == 202
    assert content["status"] == "accepted"
    event_id = UUID(content["id"])
    assert event_id.version == 7

    async with database.sessions() as session:
        [event] = (await session.scalars(select(WebhookEvent))).all()
        [work] = (await session.scalars(select(Outbox))).all()
        [kept] = (await session.scalars(select(Integration))).all()
    assert (event.id, event.integration_id, event.user_id) == (
        event_id,
        integration.id,
        integration.user_id,
    )
    assert (event.body, event.body_bytes) == (b"\x00 no json \xff", 11)
    assert (event.sender, event.state, event.content_type) == ("radarr", "received", "text/plain")
    assert (event.address, kept.last_used_address) == ("203.0.113.7", "203.0.113.7")
    assert event.received_at == kept.last_used_at
    assert (event.history, event.suggestions, event.effects) == ([], [], [])
    assert work.subject == "job.ingest.webhooks.WebhookReceived"
    assert WebhookReceived.FromString(work.payload).webhook_event_id == str(event_id)
    assert work.headers.keys() == {"x-request-id"}


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    ("sender", "path", "stored_as"),
    [
        ("radarr", "/api/webhooks/radarr/{}", "radarr"),
        ("radarr", "/api/webhooks/arr/{}", "radarr"),
        ("arr", "/api/webhooks/sonarr/{}", "sonarr"),
        ("arr", "/api/webhooks/arr/{}", "arr"),
        ("arr", "/api/integrations/arr/webhook/{}", "arr"),
        ("sonarr", "/api/integrations/arr/webhook/{}", "sonarr"),
        ("seerr", "/api/webhooks/jellyseerr/{}", "seerr"),
        ("seerr", "/api/webhooks/overseerr/{}", "seerr"),
        ("listenbrainz", "/api/webhooks/listenbrainz/{}", "listenbrainz"),
    ],
)
async def test_every_sender_has_its_address(door, database, method, sender, path, stored_as):
    _, token = await integrate(database, sender)
    status, _, _ = await answer_to(door.request(method, path.format(token), content=b"{}"))
    assert status == 202
    assert await rows(database, WebhookEvent.sender) == [(stored_as,)]


async def test_the_old_address_answers_with_what_old_clients_read(door, database):
    _, token = await integrate(database, "arr")
    _, content, _ = await answer_to(
        door.post(f"/api/integrations/arr/webhook/{token}", content=b"{} ")
    )
    assert content.pop("received_at").endswith("Z")
    event_id = content["id"]
    assert content == {
        "id": event_id,
        "status": "accepted",
        "provider": "arr",
        "event_type": None,
        "source_ip": "127.0.0.1",
        "payload_bytes": 3,
        "ingest_event_id": event_id,
        "ingest_status": "pending",
    }


async def test_listens_come_as_to_listenbrainz(door, database):
    _, token = await integrate(database, "listenbrainz", name="walkman")
    headers = {"Authorization": f"Token {token}"}
    status, content, _ = await answer_to(
        door.post("/1/submit-listens", json={"listen_type": "single"}, headers=headers)
    )
    assert (status, content) == (200, {"status": "ok"})
    assert await rows(database, WebhookEvent.sender) == [("listenbrainz",)]

    status, content, _ = await answer_to(door.get("/1/validate-token", headers=headers))
    assert (status, content) == (
        200,
        {"code": 200, "message": "Token valid.", "valid": True, "user_name": "walkman"},
    )
    for wrong in ({}, {"Authorization": "Token x"}, {"Authorization": f"Bearer {token}"}):
        assert (await answer_to(door.get("/1/validate-token", headers=wrong)))[1]["valid"] is False
        answer = await answer_to(door.post("/1/submit-listens", json={}, headers=wrong))
        assert is_problem(answer, 404, "WEBHOOK_TOKEN_NOT_FOUND")


@pytest.mark.parametrize("sender", ["radarr", "listenbrainz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
async def test_a_token_that_stands_in_the_body_is_not_kept(door, database, sender, encoding):
    _, token = await integrate(database, sender)
    text = f'{{"url": "/api/webhooks/{sender}/{token}", "token": "{token}"}}'
    path = "/1/submit-listens" if sender == "listenbrainz" else f"/api/webhooks/{sender}/{token}"
    await answer_to(
        door.post(path, content=text.encode(encoding), headers={"Authorization": f"Token {token}"})
    )
    [(kept,)] = await rows(database, WebhookEvent.body)
    assert kept.decode(encoding) == text.replace(token, "[redacted]")


@pytest.mark.parametrize(
    ("sender", "path"),
    [
        ("radarr", "/api/webhooks/radarr/{}/"),
        ("radarr", "//api/webhooks//radarr///{}//"),
        ("arr", "/api/integrations/arr/webhook/{}/"),
        ("listenbrainz", "//1/submit-listens"),
        ("listenbrainz", "/1//submit-listens/"),
    ],
)
async def test_a_slash_too_many_does_no_harm(door, database, sender, path):
    _, token = await integrate(database, sender)
    headers = {"Authorization": f"Token {token}"}
    url = door.base_url.copy_with(raw_path=path.format(token).encode())
    status, _, _ = await answer_to(door.post(url, content=b"{}", headers=headers))
    assert status in {200, 202}
    assert await rows(database, WebhookEvent.sender) == [(sender,)]


async def test_tokens_that_do_not_fit_are_all_answered_alike(door, database):
    _, known = await integrate(database, "plex")
    _, revoked = await integrate(database, "radarr", token_hash=None)
    tried = [
        f"/api/webhooks/plex/{known}x",
        f"/api/webhooks/radarr/{known}",
        f"/api/webhooks/arr/{known}",
        f"/api/webhooks/nobody/{known}",
        f"/api/webhooks/%00/{known}",
        f"/api/webhooks/radarr/{revoked}",
        f"/api/integrations/arr/webhook/{known}",
    ]
    answers = []
    for path in tried:
        before = statements_total._value.get()
        answer = await answer_to(door.post(path, content=b"{}"))
        assert statements_total._value.get() == before + 1
        assert is_problem(answer, 404, "WEBHOOK_TOKEN_NOT_FOUND")
        assert known not in str(answer)
        assert revoked not in str(answer)
        answers.append({**answer[1], "trace_id": "", "instance": ""})
    assert all(answer == answers[0] for answer in answers)
    assert await rows(database, WebhookEvent.id) == await rows(database, Outbox.id) == []


async def test_other_paths_and_methods_are_problems_that_repeat_nothing(door):
    for path in ("/", "/api/webhooks/radarr", "/api/webhooks/radarr/secret/x", "/docs"):
        answer = await answer_to(door.post(path))
        assert is_problem(answer, 404, "NOT_FOUND")
        assert "secret" not in str(answer)
    answer = await answer_to(door.get("/api/webhooks/radarr/secret"))
    assert is_problem(answer, 405, "METHOD_NOT_ALLOWED")
    assert set(answer[2]["Allow"].split(", ")) == {"POST", "PUT"}
    assert "secret" not in str(answer)
    assert (await answer_to(door.get("/health")))[1] == {"status": "ok"}


async def chunks(size):
    for _ in range(size // 1024):
        yield b"x" * 1024
    yield b"x" * (size % 1024)


def whole(size):
    return bytes(size)


@pytest.mark.parametrize("made", [whole, chunks])
async def test_a_body_has_a_mebibyte_and_no_more(door, database, made):
    _, token = await integrate(database)
    path = f"/api/webhooks/radarr/{token}"
    assert (await answer_to(door.post(path, content=made(MIB))))[0] == 202
    answer = await answer_to(door.post(path, content=made(MIB + 1)))
    assert is_problem(answer, 413, "BODY_TOO_LARGE")
    assert answer[1]["instance"] == "/api/webhooks/{provider}/{token}"
    assert await rows(database, WebhookEvent.body_bytes) == [(MIB,)]


async def raw(door, token, head, *pieces):
    """What comes back for a request that is written by hand."""
    url = door.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        writer.write(
            f"POST /api/webhooks/radarr/{token} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode()
        )
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await asyncio.wait_for(reader.read(65536), 5)
    finally:
        writer.close()


async def test_an_announced_length_over_the_bound_is_refused_before_it_comes(door, database):
    _, token = await integrate(database)
    answer = await raw(door, token, f"Content-Length: {MIB + 1}\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_does_not_come_is_not_waited_for(database):
    _, token = await integrate(database)
    app = create_door(database, (), SENDERS, body.Room(seconds=0.2))
    async with opened(app) as door:
        answer = await raw(door, token, "Content-Length: 10\r\n", b"12345")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer
    assert await rows(database, WebhookEvent.id) == []


async def test_when_bodies_fill_the_room_others_are_sent_away(database):
    _, token = await integrate(database)
    path = f"/api/webhooks/radarr/{token}"
    app = create_door(database, (), SENDERS, body.Room(size=100, seconds=5))
    async with opened(app) as door:
        slow = asyncio.create_task(raw(door, token, "Content-Length: 91\r\n", b"x" * 90))
        await asyncio.sleep(0.2)
        answer = await answer_to(door.post(path, content=b"x" * 11))
        assert is_problem(answer, 503, "DOOR_CROWDED")
        assert answer[2]["Retry-After"] == "1"
        assert (await answer_to(door.post(path, content=b"x" * 10)))[0] == 202
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)
        await asyncio.sleep(0.2)
        assert (await answer_to(door.post(path, content=b"x" * 100)))[0] == 202


async def test_a_caller_that_goes_away_halfway_has_said_nothing(door, database, caplog):
    _, token = await integrate(database)
    with suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            await raw(door, token, "Content-Length: 10\r\n", b"12345")
    assert (await answer_to(door.post(f"/api/webhooks/radarr/{token}", content=b"{}")))[0] == 202
    assert await rows(database, WebhookEvent.body) == [(b"{}",)]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_caller_that_does_not_wait_for_the_answer_takes_nobody_along(door, database):
    _, token = await integrate(database)
    path = f"/api/webhooks/radarr/{token}"
    impatient = [
        asyncio.create_task(raw(door, token, "Content-Length: 2\r\n", b"{}")) for _ in range(20)
    ]
    await asyncio.sleep(0)
    others = [asyncio.create_task(answer_to(door.post(path, content=b"[]"))) for _ in range(20)]
    await asyncio.sleep(0.005)
    for each in impatient:
        each.cancel()
    assert {status for status, _, _ in await asyncio.gather(*others)} == {202}
    assert (await rows(database, WebhookEvent.body)).count((b"[]",)) == 20


async def test_many_at_once_are_stored_once_each_in_few_statements(door, database):
    senders = [await integrate(database) for _ in range(5)]
    before = statements_total._value.get()

    async def post(number):
        token = senders[number % 5][1] if number % 10 else "wrong"
        return await answer_to(door.post(f"/api/webhooks/radarr/{token}", json={"n": number}))

    answers = await asyncio.gather(*map(post, range(300)))
    spent = statements_total._value.get() - before
    accepted = {UUID(content["id"]) for status, content, _ in answers if status == 202}
    assert [status for status, _, _ in answers[::10]] == [404] * 30
    assert len(accepted) == 270
    stored = await rows(database, WebhookEvent.id, WebhookEvent.body)
    assert {row.id for row in stored} == accepted
    assert len({json.loads(row.body)["n"] for row in stored}) == len(stored) == 270
    works = [
        WebhookReceived.FromString(row.payload) for row in await rows(database, Outbox.payload)
    ]
    assert {UUID(work.webhook_event_id) for work in works} == accepted
    assert spent < 150


async def test_a_token_is_noted_as_used_now_and_then_only(door, database):
    _, token = await integrate(database)
    path = f"/api/webhooks/radarr/{token}"

    async def used():
        return (await rows(database, Integration.last_used_at))[0].last_used_at

    await answer_to(door.post(path, content=b"{}"))
    first = await used()
    await answer_to(door.post(path, content=b"{}"))
    assert await used() == first
    async with database.sessions.begin() as session:
        await session.execute(update(Integration).values(last_used_at=now() - 2 * NOTED_EVERY))
    await answer_to(door.post(path, content=b"{}"))
    assert await used() > first


async def test_one_that_cannot_be_stored_does_not_take_its_neighbours_along(database):
    """A deletion that comes in between fails the statement; the others must not notice."""
    (gone, lost), (_, kept) = await integrate(database), await integrate(database)
    app = create_door(database, (), SENDERS)
    async with opened(app) as door:
        async with database.sessions() as session:
            await session.delete(await session.get(Integration, gone.id))
            await session.flush()
            posts = [
                asyncio.create_task(
                    answer_to(door.post(f"/api/webhooks/radarr/{token}", content=b"{}"))
                )
                for token in [lost, kept] * 5
            ]
            await asyncio.sleep(0.3)
            await session.commit()
        answers = await asyncio.gather(*posts)
    assert [status for status, _, _ in answers] == [404, 202] * 5
    assert await rows(database, func.count(WebhookEvent.id)) == [(5,)]


@pytest.fixture
async def far_database(database):
    """The same database at the other end of a wire."""
    url = database.engine.url.render_as_string(hide_password=False)
    async with wire_to(url) as (wire, address), db.connect(address, pool_size=2) as far:
        yield wire, far


@pytest.mark.parametrize("fails", [Wire.cut, Wire.go_dead])
async def test_while_postgres_is_away_nothing_is_accepted(far_database, database, fails, capsys):
    wire, far = far_database
    _, token = await integrate(database, "listenbrainz")
    path, headers = f"/api/webhooks/listenbrainz/{token}", {"Authorization": f"Token {token}"}
    async with opened(create_door(far, (), SENDERS)) as door:
        assert (await answer_to(door.post(path, content=b"{}")))[0] == 202
        fails(wire)
        answers = await asyncio.gather(
            *(answer_to(door.post(path, content=b"{}")) for _ in range(3)),
            answer_to(door.get("/1/validate-token", headers=headers)),
        )
        assert all(is_problem(answer, 503, "DATABASE_UNAVAILABLE") for answer in answers)
        assert {answer[2]["Retry-After"] for answer in answers} == {"5"}
        wire.mend()
        async with asyncio.timeout(10):
            while (await answer_to(door.post(path, content=b"{}")))[0] != 202:
                await asyncio.sleep(0.1)
    logged = capsys.readouterr().out
    assert "webhooks not stored" in logged
    assert token not in logged
