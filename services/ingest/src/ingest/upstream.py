"""One upstream's HTTP: a long-lived client behind a circuit, a rate limit and a few retries."""

import asyncio
import logging
import re
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeGuard

import httpx
import orjson
import stamina

from common.db import Database
from common.errors import DomainError
from ingest.clock import Clock
from ingest.drafts import Source
from ingest.errors import (
    NoFreeSlot,
    RequestRejected,
    UpstreamGarbage,
    UpstreamRefused,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from ingest.limits.circuit import Circuit
from ingest.limits.limiter import Limiter

SEARCH = "search"
# What is JSON but what Postgres stores in no text: NUL, and half a surrogate pair.
_PERHAPS_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_HALF = rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
_PAIR = rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
# From the left, so that an escaped backslash is never taken for the beginning of an escape.
_ESCAPE = re.compile(rb"(?P<pair>%b)|(?P<half>%b)|(?P<nul>\\u0000)|\\." % (_PAIR, _HALF))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is particular to an upstream; `key_setting` is named when the key is refused."""

    source: Source
    base_url: str
    key_setting: str
    requests_per_second: float
    connections: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for what, in seconds, and how much to read."""

    connect: float = 3.0
    total: float = 8.0
    slot: float = 2.0
    # In a search, for a turn or because the source says so.
    search_slot: float = 1.0
    retries: int = 2
    first_pause: float = 0.2
    longest_pause: float = 3.0
    no_retry_after: float = 12.0
    body_bytes: int = 5_000_000


@dataclass(frozen=True, slots=True)
class Call:
    """`address` is a path below the base address, or a whole URL."""

    address: str
    _: KW_ONLY
    method: str = "GET"
    # Keys are in these three; a representation may end up in a log.
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    source: Source
    status: int
    body: bytes
    retry_after: float | None = None

    @property
    def is_missing(self) -> bool:
        return self.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}

    def document(self) -> object:
        """The JSON of the body; its members are for the connector's models to check."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise UpstreamGarbage(self.source, "not JSON") from error


# Says what is wrong with a reply, or None. A missing item is an answer, not a fault.
Faults = Callable[[Reply], DomainError | None]


def http_fault(reply: Reply, key_setting: str) -> DomainError | None:
    """What a status alone tells; connectors add what their upstream says in its body."""
    if reply.status < HTTPStatus.MULTIPLE_CHOICES or reply.is_missing:
        return None
    return _fault_of_status(reply, key_setting)


def _fault_of_status(reply: Reply, key_setting: str) -> DomainError:
    source, status = reply.source, reply.status
    if status < HTTPStatus.BAD_REQUEST:
        return UpstreamGarbage(source, f"an unexpected redirect ({status})")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return UpstreamRefused(source, key_setting, status)
    passing = status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if status == HTTPStatus.TOO_MANY_REQUESTS or (passing and reply.retry_after is not None):
        return UpstreamThrottled(source, reply.retry_after)
    if passing:
        return UpstreamUnavailable(source, f"status {status}")
    return RequestRejected(source, status)


def open_client(
    profile: Profile, patience: Patience, user_agent: str, tls: ssl.SSLContext
) -> httpx.AsyncClient:
    """The client of one upstream, to be kept; whoever gets it closes it."""
    # httpx logs every URL at INFO, and some upstreams take their key in the query only.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(
        headers={"User-Agent": user_agent, "Accept": "application/json"},
        timeout=httpx.Timeout(patience.total, connect=patience.connect, pool=patience.slot),
        limits=httpx.Limits(max_connections=profile.connections),
        follow_redirects=False,
        verify=tls,
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """What keeps us from asking; shared with the other replicas."""

    circuit: Circuit
    limiter: Limiter

    @classmethod
    def of(cls, profile: Profile, database: Database, clock: Clock) -> "Limits":
        interval = 1 / profile.requests_per_second
        return cls(
            Circuit(profile.source, database, clock), Limiter(profile.source, interval, database)
        )


class Upstream:
    def __init__(
        self,
        profile: Profile,
        patience: Patience,
        limits: Limits,
        client: httpx.AsyncClient,
        faults: Faults | None = None,
    ) -> None:
        self._source = profile.source
        self._base = profile.base_url.strip().rstrip("/")
        self._patience = patience
        self._circuit = limits.circuit
        self._limiter = limits.limiter
        self._faults = faults or (lambda reply: http_fault(reply, profile.key_setting))
        self._client = client

    def operation(self, name: str) -> AbstractAsyncContextManager[None]:
        """The circuit around a whole search or fetch, however many requests it takes."""
        return self._circuit.guard(name)

    async def send(self, call: Call) -> Reply:
        """The reply to `call`, of status 2xx, 404 or 410; anything else is raised."""
        patience = self._patience
        async for attempt in stamina.retry_context(
            on=self._pause,
            attempts=1 + patience.retries,
            timeout=patience.no_retry_after,
            wait_initial=patience.first_pause,
            wait_jitter=patience.first_pause,
            wait_max=patience.longest_pause,
        ):
            with attempt:
                reply = await self._try(call)
        return reply

    async def aclose(self) -> None:
        await self._client.aclose()

    def _pause(self, error: Exception) -> bool | float:
        """Whether to try again after `error`, or in how many seconds."""
        if isinstance(error, UpstreamThrottled) and error.retry_after is not None:
            return self._is_short(error.retry_after) and error.retry_after
        return isinstance(error, UpstreamUnavailable | UpstreamThrottled)

    def _is_short(self, pause: float | None) -> TypeGuard[float]:
        """Whether to wait for so long within an operation."""
        longest = self._patience.search_slot if self._searches else self._patience.longest_pause
        return pause is not None and pause <= longest

    @property
    def _searches(self) -> bool:
        """Somebody looks at the results of other sources meanwhile."""
        return self._circuit.running() == SEARCH

    async def _try(self, call: Call) -> Reply:
        await self._wait_turn()
        try:
            async with asyncio.timeout(self._patience.total):
                reply = await self._exchange(call)
        except httpx.PoolTimeout as error:
            raise NoFreeSlot(self._source) from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise UpstreamUnavailable(self._source, "no answer in time") from error
        except httpx.DecodingError as error:
            raise UpstreamGarbage(self._source, "undecodable content") from error
        except httpx.TransportError as error:
            raise UpstreamUnavailable(self._source, type(error).__name__) from error
        fault = self._faults(reply)
        if fault is None:
            return reply
        if isinstance(fault, UpstreamThrottled) and self._is_short(fault.retry_after):
            await self._limiter.put_off(fault.retry_after)
        raise fault

    async def _wait_turn(self) -> None:
        began = time.monotonic()
        patience = self._patience
        try:
            await self._limiter.wait_turn(patience.search_slot if self._searches else patience.slot)
        finally:
            self._circuit.excuse(time.monotonic() - began)

    async def _exchange(self, call: Call) -> Reply:
        async with self._open(call) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self._patience.body_bytes:
                    raise UpstreamGarbage(self._source, "too long")
        return Reply(
            self._source,
            response.status_code,
            _storable(bytes(body)),
            _seconds(response.headers.get("Retry-After")),
        )

    @asynccontextmanager
    async def _open(self, call: Call) -> AsyncIterator[httpx.Response]:
        whole = call.address.startswith(("http://", "https://"))
        async with self._client.stream(
            call.method,
            call.address if whole else f"{self._base}/{call.address.lstrip('/')}",
            params=dict(call.params) or None,
            headers=dict(call.headers),
            content=call.content,
            data=dict(call.form) if call.form is not None else None,
        ) as response:
            yield response


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After as seconds from now: it is a number or an HTTP date."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _storable(body: bytes) -> bytes:
    """The body without escaped NULs; text that was cut inside a character ends in U+FFFD."""
    return _ESCAPE.sub(_mend, body) if _PERHAPS_UNSTORABLE.search(body) else body


def _mend(escape: re.Match[bytes]) -> bytes:
    return {"nul": b"", "half": rb"\ufffd"}.get(escape.lastgroup or "", escape[0])
