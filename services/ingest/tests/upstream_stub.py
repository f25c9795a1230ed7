"""A small HTTP server that plays the upstream catalogues, faults included, beside Postgres."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import orjson
import uvicorn
from sqlalchemy import update
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from common.db import Database
from ingest.clock import Clock
from ingest.connectors import Connectors, build
from ingest.models import UpstreamLimit
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
    """The names of `headers` may be asked for in any case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str


class UpstreamStub:
    """Answers a path with what was planned for it, in turn (the last one for ever), else 404.

    In `database` those who ask it share their limits.
    """

    def __init__(self, database: Database) -> None:
        self.url = ""
        self.database = database
        self.asked: list[Asked] = []
        self.asked_at: list[float] = []
        self._plans: dict[str, list[Answer]] = {}
        self._ending = asyncio.Event()

    def plan(self, path: str, *answers: object) -> None:
        given = (each if isinstance(each, Answer) else Answer(each) for each in answers)
        self._plans["/" + path.strip("/")] = list(given)

    def paths(self) -> list[str]:
        return [each.path for each in self.asked]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked_at.append(time.monotonic())
        request = Request(scope, receive)
        body = (await request.body()).decode()
        path = "/" + scope["path"].strip("/")
        self.asked.append(
            Asked(request.method, path, dict(request.query_params), request.headers, body)
        )
        planned = self._plans.get(path) or [Answer({"error": "no such thing"}, status=404)]
        answer = planned.pop(0) if len(planned) > 1 else planned[0]
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), answer.after)
        content = answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)
        await Response(content, answer.status, answer.headers)(scope, receive, send)

    def end(self) -> None:
        """Wait with no answer any longer."""
        self._ending.set()


@asynccontextmanager
async def serve(database: Database) -> AsyncIterator[UpstreamStub]:
    """With uvicorn's protocol, but without its server, which takes up to 0.2 s to end."""
    stub, state = UpstreamStub(database), ServerState()
    config = uvicorn.Config(
        stub, log_config=None, access_log=False, lifespan="off", timeout_keep_alive=60
    )
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: config.http_protocol_class(config, state, {}), "127.0.0.1", 0
    )
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield stub
    finally:
        server.close()
        for connection in state.connections:
            connection.transport.abort()
        stub.end()
        async with asyncio.timeout(5):
            await asyncio.gather(*state.tasks)
            await server.wait_closed()


def settings(url: str, **changed: object) -> SimpleNamespace:
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
        "open_library_url": f"{url}/open_library",
        "musicbrainz_url": f"{url}/musicbrainz",
        "cover_art_archive_url": "https://covers.example.org",
        "contact": "https://tastebuds.example.org",
        "availability_regions": ("GB", "FR"),
    }
    return SimpleNamespace(**{**usual, **changed})


@asynccontextmanager
async def connected(
    stub: UpstreamStub,
    *,
    patience: Patience = IMPATIENT,
    clock: Clock | None = None,
    **changed: object,
) -> AsyncIterator[Connectors]:
    stub.plan("igdb/token", {"access_token": "app-token", "expires_in": 5_000_000})
    connectors = build(
        settings(stub.url, **changed), stub.database, "Tastebuds/test", patience, clock
    )
    try:
        yield connectors
    finally:
        await connectors.aclose()


class FakeTime:
    """A clock that moves when told; it begins at noon UTC of New Year's Day 2030."""

    def __init__(self) -> None:
        self.passed = 0.0

    async def pass_by(self, seconds: float, database: Database) -> None:
        """So much later, also by the clock of the database, where circuits are."""
        self.passed += seconds
        circuit = (UpstreamLimit.open_until, UpstreamLimit.probe_until)
        earlier = {moment: moment - timedelta(seconds=seconds) for moment in circuit}
        async with database.sessions.begin() as session:
            await session.execute(update(UpstreamLimit).values(earlier))

    def clock(self) -> Clock:
        start = datetime(2030, 1, 1, 12, tzinfo=UTC)
        return Clock(
            monotonic=lambda: 1000.0 + self.passed,
            now=lambda: start + timedelta(seconds=self.passed),
        )
