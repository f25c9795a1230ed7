"""A small HTTP server that plays the upstream catalogues, faults included."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import orjson
from aiohttp import web

from ingest.circuit import Clock
from ingest.connectors import Connectors, build
from ingest.upstream import Patience

IMPATIENT = Patience(
    connect=0.5, total=0.3, slot=2.0, first_pause=0.01, longest_pause=0.2, body_bytes=100_000
)


@dataclass(frozen=True)
class Answer:
    """`body` is sent as JSON unless it is bytes; `after` seconds."""

    body: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str


class UpstreamStub:
    """Answers a path with what was planned for it, in turn (the last one for ever), else 404."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self._plans: dict[str, list[Answer]] = {}

    def plan(self, path: str, *answers: object) -> None:
        given = (each if isinstance(each, Answer) else Answer(each) for each in answers)
        self._plans["/" + path.strip("/")] = list(given)

    def paths(self) -> list[str]:
        return [each.path for each in self.asked]

    async def reply(self, request: web.Request) -> web.Response:
        body = await request.text()
        path = "/" + request.path.strip("/")
        self.asked.append(
            Asked(request.method, path, dict(request.query), dict(request.headers), body)
        )
        planned = self._plans.get(path) or [Answer({"error": "no such thing"}, status=404)]
        answer = planned.pop(0) if len(planned) > 1 else planned[0]
        await asyncio.sleep(answer.after)
        content = answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)
        return web.Response(body=content, status=answer.status, headers=answer.headers)


@asynccontextmanager
async def serve() -> AsyncIterator[UpstreamStub]:
    stub = UpstreamStub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.reply)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield stub
    finally:
        await runner.cleanup()


def settings(url: str, **changed: str | None) -> SimpleNamespace:
    """Settings under which every source is on and asks the stub at `url`."""
    usual = {
        "google_books_url": f"{url}/google_books",
        "google_books_key": "books-key",
        "tmdb_url": f"{url}/tmdb/",
        "tmdb_token": "tmdb.v4.token",
        "igdb_url": f"{url}/igdb",
        "igdb_token_url": f"{url}/igdb/token",
        "igdb_client_id": "igdb-id",
        "igdb_client_secret": "igdb-secret",
        "lastfm_url": f"{url}/lastfm/",
        "lastfm_key": "lastfm-key",
    }
    return SimpleNamespace(**{**usual, **changed})


@asynccontextmanager
async def connected(
    stub: UpstreamStub,
    *,
    patience: Patience = IMPATIENT,
    clock: Clock | None = None,
    **changed: str | None,
) -> AsyncIterator[Connectors]:
    stub.plan("igdb/token", {"access_token": "app-token", "expires_in": 5_000_000})
    connectors = build(
        settings(stub.url, **changed), user_agent="Tastebuds/test", patience=patience, clock=clock
    )
    try:
        yield connectors
    finally:
        await connectors.aclose()


class FakeTime:
    """A clock that moves when told; it begins at noon UTC of New Year's Day 2030."""

    def __init__(self) -> None:
        self.passed = 0.0

    def clock(self) -> Clock:
        start = datetime(2030, 1, 1, 12, tzinfo=UTC)
        return Clock(
            monotonic=lambda: 1000.0 + self.passed,
            now=lambda: start + timedelta(seconds=self.passed),
        )
