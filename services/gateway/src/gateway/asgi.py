"""What stands between the socket and the framework: ids, limits, headers, counts."""

import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from itertools import count
from secrets import token_hex
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from starlette.exceptions import HTTPException

from common import requests
from gateway import problems, webhook_paths

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

log = structlog.get_logger()

DOCUMENTATION = ("/docs", "/redoc")
CLOSED = b"default-src 'none'; frame-ancestors 'none'"
# The pages carry their start-up script inline; everything else comes from this server.
DOCUMENTATION_POLICY = (
    b"default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src blob:; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SHARED_HEADERS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
SECURITY_HEADERS: Headers = [*_SHARED_HEADERS, (b"content-security-policy", CLOSED)]
_DOCUMENTATION_HEADERS: Headers = [
    *_SHARED_HEADERS,
    (b"content-security-policy", DOCUMENTATION_POLICY),
]
_NOT_STORED = (b"cache-control", b"no-store")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SANE_ID = re.compile(rb"[A-Za-z0-9._:-]{8,64}")
_prefix = token_hex(8)
_numbers = count(1)

requests_total = Counter("http_requests", "Requests answered.", ["method", "route", "status"])
request_seconds = Histogram("http_request_seconds", "Time to answer a request.", ["route"])
_counters: dict[tuple[str, str, int], Any] = {}


def request_id(given: bytes | None) -> bytes:
    """The sender's id when it can be logged and passed on as it is, else a new one."""
    if given is not None and _SANE_ID.fullmatch(given):
        return given
    return b"%s-%x" % (_prefix.encode(), next(_numbers))


def count_request(method: str, route: str, status: int) -> None:
    key = (method, route, status)
    counter = _counters.get(key)
    if counter is None:
        counter = _counters[key] = requests_total.labels(
            method if method in METHODS else "OTHER", route, str(status)
        )
    counter.inc()


class Door:
    """Gives every request an id and a context, and every answer its headers; counts both."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._logs_all = logging.getLogger().isEnabledFor(logging.DEBUG)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        webhook_paths.mask(scope)
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
        identity = request_id(given)
        requests.current.set(requests.Request(identity.decode()))
        is_documentation = scope["path"].startswith(DOCUMENTATION)
        extra = _DOCUMENTATION_HEADERS if is_documentation else SECURITY_HEADERS
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], *extra, (b"x-request-id", identity)]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append(_NOT_STORED)
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "unknown"
        count_request(scope["method"], route, status)
        request_seconds.labels(route).observe(seconds)
        if status >= 500 or self._logs_all:  # noqa: PLR2004 - RFC 9110's server errors
            write = log.info if status >= 500 else log.debug  # noqa: PLR2004
            write(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round(seconds * 1000, 1),
            )


class BodyLimit:
    """Refuses long bodies, by their announced length or as soon as they have grown too long."""

    def __init__(self, app: Application, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = next((v for n, v in scope["headers"] if n == b"content-length"), None)
        if announced is not None and announced.isdigit() and int(announced[:20]) > self._limit:
            await problems.body_too_large(scope["path"], self._limit)(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self._limit:
                    raise HTTPException(413, problems.too_large(self._limit))
            return message

        await self._app(scope, receive_within_limit, send)
