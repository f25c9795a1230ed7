"""What the server does before a request is one."""

import asyncio
import json
import socket
from contextlib import suppress

import pytest

from common import http_server

HELLO = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def echo(scope, receive, send):
    """Answers with the path and the length of the body."""
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = f"[{scope['path']} {length}]".encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stopping = asyncio.Event()
    server = asyncio.create_task(http_server.serve(echo, f"127.0.0.1:{port}", stopping, grace=1))
    async with asyncio.timeout(5):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.01)
    yield port
    stopping.set()
    await asyncio.wait_for(server, 5)


async def talk(port, *pieces):
    """All that comes back for `pieces`, sent one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()


def check_refused(answer, status, reason):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert b"content-type: application/problem+json" in head
    assert json.loads(body).items() >= {"status": status, "reason": reason}.items()


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"\x16\x03\x01\x00\xff\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabX\r\n",
        HELLO + b"NONSENSE\r\n\r\n",
    ],
    ids=range(6),
)
async def test_what_is_no_request_is_a_problem(port, request_):
    answer = await talk(port, request_)
    check_refused(answer[answer.rindex(b"HTTP/1.1 ") :], 400, "MALFORMED_REQUEST")


@pytest.mark.parametrize(
    "pieces",
    [
        [b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"],
        [b"GET / HTTP/1.1\r\nA: " + b"a" * 100_000 + b"\r\n\r\n"],
        [b"GET / HTTP/1.1\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(20_000)) + b"\r\n"],
        [b"GET / HTTP/1.1\r\nA: ", *[b"a" * 10_000] * 10, b"\r\n\r\n"],
        [HELLO, b"GET / HTTP/1.1\r\nA: ", *[b"a" * 10_000] * 10],
    ],
    ids=["address", "header", "headers", "piecewise", "later"],
)
async def test_a_head_without_end_is_refused(port, pieces):
    answer = await talk(port, *pieces)
    check_refused(answer[answer.rindex(b"HTTP/1.1 ") :], 431, "REQUEST_HEAD_TOO_LARGE")


async def test_long_bodies_and_many_requests_are_not_heads(port):
    post = b"POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n"
    answer = await talk(port, HELLO * 3, post, b"b" * 300_000, HELLO * 5000 + LAST)
    assert answer.count(b"[/hello 0]") == 5003
    assert answer.count(b"[/post 300000]") == answer.count(b"[/last 0]") == 1


async def test_a_head_just_short_enough_is_read(port):
    head = b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\nA: " + b"a" * 60_000
    assert b"[/hello 0]" in await talk(port, head, b"\r\n\r\n")
