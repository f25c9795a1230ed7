"""Finished answers in memory, and the door that gives out published menus without a framework."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from prometheus_client import Counter
from starlette.responses import Response

from gateway.asgi import (
    SECURITY_HEADERS,
    Application,
    Headers,
    Receive,
    Scope,
    Send,
    count_request,
    request_id,
)

TTL_SECONDS = 60.0
# What one entry costs beside its body.
OVERHEAD_BYTES = 1500
# One giant must not push out everything else.
LARGEST_SHARE = 8

cache_hits = Counter("gateway_cache_hits", "Answers given from memory.", ["cache"])
cache_misses = Counter("gateway_cache_misses", "Answers that had to be asked for.", ["cache"])


class Finished(Protocol):
    """An answer whose bytes need no more work."""

    @property
    def body(self) -> bytes: ...


T = TypeVar("T", bound=Finished)


@dataclass(frozen=True, slots=True)
class FinishedJson:
    body: bytes


@dataclass(slots=True, eq=False)
class _Read:
    """A read under way; `is_stale` once an invalidation came while it was."""

    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    value: T
    expires_at: float
    size: int


class Cache(Generic[T]):
    """Least recently used goes first; nothing is older than a minute whatever gets lost.

    What was read before an invalidation arrived is not stored (the read may have seen the state
    before the change), and nothing is stored while `is_followed` says that events are missed.
    """

    def __init__(self, name: str, max_bytes: int, is_followed: Callable[[], bool]) -> None:
        self._max_bytes = max_bytes
        self._is_followed = is_followed
        self._entries: OrderedDict[str, _Entry[T]] = OrderedDict()
        self._reads: dict[str, set[_Read]] = {}
        self._bytes = 0
        self._hits = cache_hits.labels(name)
        self._misses = cache_misses.labels(name)

    def find(self, key: str) -> T | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires_at < time.monotonic():
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        self._hits.inc()
        return entry.value

    async def read(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        found = self.find(key)
        if found is not None:
            return found
        self._misses.inc()
        read = _Read(is_stale=not self._is_followed())
        self._reads.setdefault(key, set()).add(read)
        try:
            value = await ask()
        finally:
            reads = self._reads[key]
            reads.discard(read)
            if not reads:
                del self._reads[key]
        if not read.is_stale and self._is_followed():
            self._store(key, value)
        return value

    def drop(self, key: str) -> None:
        self._remove(key)
        for read in self._reads.get(key, ()):
            read.is_stale = True

    def drop_all(self) -> None:
        self._entries.clear()
        self._bytes = 0
        for reads in self._reads.values():
            for read in reads:
                read.is_stale = True

    def _store(self, key: str, value: T) -> None:
        size = len(value.body) + OVERHEAD_BYTES
        if size * LARGEST_SHARE > self._max_bytes:
            return
        self._remove(key)
        self._entries[key] = _Entry(value, time.monotonic() + TTL_SECONDS, size)
        self._bytes += size
        while self._bytes > self._max_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= oldest.size

    def _remove(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size


PUBLIC_MENUS = "/api/public/menus/"
PUBLIC_MENU_ROUTE = "/api/public/menus/{slug}"
# Browsers ask each time and mostly hear 304; the edge may answer by itself for half a minute, which
# is how long a menu can outlive its withdrawal there.
CACHE_CONTROL = b"public, max-age=0, s-maxage=30, must-revalidate"


@dataclass(frozen=True, slots=True)
class PublishedMenu:
    """The finished document with the headers of both its answers."""

    body: bytes
    etag: bytes
    headers: Headers
    unchanged_headers: Headers

    @classmethod
    def of(cls, document: bytes, etag: str, *, varies_by_origin: bool) -> "PublishedMenu":
        quoted = b'"' + etag.encode("ascii") + b'"'
        shared = [(b"etag", quoted), (b"cache-control", CACHE_CONTROL)]
        if varies_by_origin:
            shared.append((b"vary", b"Origin"))
        described = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(document)).encode()),
        ]
        return cls(
            body=document,
            etag=quoted,
            headers=[*described, *shared],
            unchanged_headers=shared,
        )

    def answer(self, method: str, if_none_match: str | None) -> Response:
        known = self.is_known_to(if_none_match.encode("latin-1") if if_none_match else None)
        response = Response(b"" if known or method == "HEAD" else self.body, 304 if known else 200)
        headers = self.unchanged_headers if known else self.headers
        # On this way the CORS layer says by what the answer varies.
        response.raw_headers = [header for header in headers if header[0] != b"vary"]
        return response

    def is_known_to(self, if_none_match: bytes | None) -> bool:
        """RFC 9110 §13.1.2: a list or `*`, compared weakly."""
        if if_none_match is None:
            return False
        if if_none_match == self.etag:
            return True
        tags = (tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b","))
        return any(tag in (self.etag, b"*") for tag in tags)


class PublicMenuDoor:
    """Stands before everything else: a warm published menu costs one look-up.

    What it does not know, and what browsers ask for across origins, goes on to `app`.
    """

    def __init__(self, app: Application, menus: Cache[PublishedMenu]) -> None:
        self._app = app
        self._menus = menus

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PUBLIC_MENUS):
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        menu = self._menus.find(scope["path"][len(PUBLIC_MENUS) :])
        if menu is None or method not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        if_none_match = given_id = None
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                if_none_match = value
            elif name == b"x-request-id":
                given_id = value
            elif name == b"origin":
                await self._app(scope, receive, send)
                return
        unchanged = menu.is_known_to(if_none_match)
        status, headers = (304, menu.unchanged_headers) if unchanged else (200, menu.headers)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*headers, *SECURITY_HEADERS, (b"x-request-id", request_id(given_id))],
            }
        )
        body = b"" if unchanged or method == "HEAD" else menu.body
        await send({"type": "http.response.body", "body": body})
        count_request(method, PUBLIC_MENU_ROUTE, status)
