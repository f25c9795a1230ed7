"""A load client that costs little: prebuilt requests over kept-alive sockets."""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

ANSWER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Request:
    """`path` with its query; the headers come on top of Host."""

    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def wire(self, host: str) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body:
            lines += [f"Content-Length: {len(self.body)}", "Content-Type: application/json"]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(frozen=True, slots=True)
class Outcome:
    """Latencies in seconds, sorted; `statuses` counts answers by status."""

    seconds: float
    latencies: list[float]
    statuses: dict[int, int]

    @property
    def count(self) -> int:
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        return self.count / self.seconds

    def quantile_ms(self, share: float) -> float:
        if not self.latencies:
            return float("nan")
        return self.latencies[min(self.count - 1, int(self.count * share))] * 1000


class Connection(asyncio.Protocol):
    """One request at a time; reads answers that have a Content-Length."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._body_at = 0
        self._expected = -1
        self._status = 0
        self._answered: asyncio.Future[tuple[int, bytes]] | None = None
        self.transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._expected < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            self._status = int(head[9:12])
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self._body_at = end + 4
            self._expected = self._body_at + length
        if len(self._buffer) >= self._expected and self._answered is not None:
            body = bytes(self._buffer[self._body_at : self._expected])
            del self._buffer[: self._expected]
            self._expected = -1
            if not self._answered.done():
                self._answered.set_result((self._status, body))

    async def ask(self, wire: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        if self.transport is None:
            raise ConnectionError("not connected")
        self._answered = asyncio.get_running_loop().create_future()
        self.transport.write(wire)
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self._answered


async def run(
    base_url: str,
    request: Callable[[int], Request],
    *,
    clients: int,
    seconds: float,
    most: int = sys.maxsize,
) -> Outcome:
    """Ask as fast as answers come, by `clients` at once; `request` is given a running number.

    Ends after so many seconds, or `most` requests.
    """
    host, _, port = urlsplit(base_url).netloc.partition(":")
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    numbers = iter(range(most))
    stop_at = time.perf_counter() + seconds

    async def client() -> None:
        _, connection = await loop.create_connection(Connection, host, int(port))
        for number in numbers:
            if time.perf_counter() > stop_at:
                break
            wire = request(number).wire(f"{host}:{port}")
            began = time.perf_counter()
            status, _ = await connection.ask(wire)
            latencies.append(time.perf_counter() - began)
            statuses[status] = statuses.get(status, 0) + 1
        connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Outcome(time.perf_counter() - began, sorted(latencies), statuses)
