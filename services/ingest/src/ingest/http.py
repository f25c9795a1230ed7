"""The public door for webhooks: a body is stored as it is, and nothing is done about it here.

Tokens stand in paths. So nothing here logs, traces, counts or repeats a path: the route does.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Histogram
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from common import db, http_server, requests, telemetry
from common.addresses import Surroundings
from common.db import ERRORS, Database, is_unavailable, new_id, now
from common.errors import DomainError
from common.problems import STATUS_BY_KIND, problem
from common.settings import Network
from ingest.door import repository
from ingest.door.arrival import Arrival
from ingest.door.body import Room, without
from ingest.door.errors import BodyTooLarge, BodyTooSlow, DatabaseAway
from ingest.door.intake import STATEMENT_SECONDS, Intake
from ingest.door.providers import (
    ANY_ARR,
    ARR_PATH,
    LISTENBRAINZ,
    LISTENS_PATH,
    VALIDATION_PATH,
    WEBHOOK_PATH,
    provider,
)
from ingest.door.rush import Rush
from ingest.door.slashes import Slashes
from ingest.integrations import tokens
from ingest.webhooks.events import webhook_received
from ingest.webhooks.senders import SENDERS

Handle = Callable[[Request], Awaitable[Response]]

STATUS_BY_ERROR: dict[type[DomainError], int] = {BodyTooLarge: 413, BodyTooSlow: 408}
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
LONGEST_CONTENT_TYPE = 255
# Where no route is: a path of strangers, which may hold a token all the same.
NOWHERE = "/"

requests_total = Counter("webhook_requests", "Webhooks answered.", ["route", "status"])
request_seconds = Histogram("webhook_request_seconds", "Time to answer a webhook.", ["route"])


@dataclass(frozen=True, slots=True)
class Door:
    """What its handlers share; `senders` are those that an integration can have."""

    database: Database
    intake: Intake
    surroundings: Surroundings
    senders: Container[str]
    room: Room
    rush: Rush

    async def take_webhook(self, request: Request) -> Response:
        name = provider(request.path_params["provider"], self.senders)
        arrival = await self._take(request, name, request.path_params["token"])
        return _json({"id": str(arrival.id), "status": "accepted"}, 202)

    async def take_arr(self, request: Request) -> Response:
        """The earlier version's address of Radarr and its like, and its answer."""
        arrival = await self._take(request, ANY_ARR, request.path_params["token"])
        summary = {
            "id": str(arrival.id),
            "status": "accepted",
            "provider": ANY_ARR,
            "event_type": None,
            "source_ip": arrival.address or None,
            "payload_bytes": len(arrival.body),
            "received_at": arrival.received_at.isoformat().replace("+00:00", "Z"),
            "ingest_event_id": str(arrival.id),
            "ingest_status": "pending",
        }
        return _json(summary, 202)

    async def take_listens(self, request: Request) -> Response:
        await self._take(request, LISTENBRAINZ, _header_token(request))
        return _json({"status": "ok"})

    async def validate_token(self, request: Request) -> Response:
        """As ListenBrainz does: a wrong token is no error of this question."""
        token_hash = tokens.hash_of(_header_token(request))
        async with asyncio.timeout(STATEMENT_SECONDS), self.database.readers() as session:
            name = await repository.find_name(session, token_hash, LISTENBRAINZ)
        if name is None:
            return _json({"code": 200, "message": "Token invalid.", "valid": False})
        return _json({"code": 200, "message": "Token valid.", "valid": True, "user_name": name})

    async def _take(self, request: Request, name: str, token: str) -> Arrival:
        with self.room.visit() as visit:
            body = await visit.read(request)
            event_id = new_id()
            arrival = Arrival(
                id=event_id,
                token_hash=tokens.hash_of(token),
                provider=name,
                received_at=now(),
                address=self.surroundings.client_address(request.scope),
                content_type=request.headers.get("content-type", "")[:LONGEST_CONTENT_TYPE],
                body=without(token, body),
                job=webhook_received(event_id),
            )
            await self.intake.take(arrival)
        self.rush.note()
        return arrival


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """Where the door is; `grace` seconds it takes to finish what was accepted."""

    listen: str
    database_url: str
    trusted_proxies: Sequence[Network]
    grace: float
    rush: Rush

    async def serve(self, stopping: asyncio.Event) -> None:
        """With a connection of its own: what comes in does not wait for what is worked on."""
        async with db.connect(self.database_url, pool_size=1) as database:
            door = create_door(database, self.trusted_proxies, SENDERS, rush=self.rush)
            await http_server.serve(door, self.listen, stopping, grace=self.grace)


def create_door(
    database: Database,
    trusted_proxies: Sequence[Network],
    senders: Container[str],
    room: Room | None = None,
    rush: Rush | None = None,
) -> Starlette:
    surroundings = Surroundings(trusted_proxies)
    intake, room, rush = Intake(database), room or Room(), rush or Rush()
    door = Door(database, intake, surroundings, senders, room, rush)
    routes = [
        _route(WEBHOOK_PATH, door.take_webhook, "POST", "PUT"),
        _route(ARR_PATH, door.take_arr, "POST", "PUT"),
        _route(LISTENS_PATH, door.take_listens, "POST"),
        _route(VALIDATION_PATH, door.validate_token, "GET"),
        _route("/health", _health, "GET"),
    ]
    handlers: dict[Any, Any] = {HTTPException: _no_route, Exception: _broken}
    slashes = [Middleware(Slashes)]
    app = Starlette(routes=routes, exception_handlers=handlers, middleware=slashes)
    app.router.redirect_slashes = False  # a redirect would repeat the path
    return app


def _route(path: str, handle: Handle, *methods: str) -> Route:
    """Everything around a handler: the request's id, its span, its refusals, its counts."""

    async def endpoint(request: Request) -> Response:
        began = time.perf_counter()
        requests.current.set(requests.Request(str(new_id())))
        span = f"{request.method} {path}"
        with telemetry.continued_span(span, request.headers, SpanKind.SERVER):
            try:
                response = await handle(request)
            except DomainError as error:
                response = _refusal(error, path)
            except ERRORS as error:
                if not is_unavailable(error):
                    raise
                response = _refusal(DatabaseAway(), path)
            except ClientDisconnect:
                response = Response(status_code=400)  # for the counts: nobody reads it
        response.headers.update(HEADERS)
        requests_total.labels(path, str(response.status_code)).inc()
        request_seconds.labels(path).observe(time.perf_counter() - began)
        return response

    return Route(path, endpoint, methods=list(methods))


def _refusal(error: DomainError, path: str) -> Response:
    status = STATUS_BY_ERROR.get(type(error)) or STATUS_BY_KIND[error.kind]
    response = problem(
        status, error.reason, error.message, instance=path, members=dict(error.metadata)
    )
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    if isinstance(error, BodyTooSlow):
        response.headers["Connection"] = "close"
    return response


async def _no_route(_: Request, error: HTTPException) -> Response:
    response = problem(
        error.status_code,
        "METHOD_NOT_ALLOWED" if error.status_code == 405 else "NOT_FOUND",  # noqa: PLR2004
        error.detail,
        instance=NOWHERE,
    )
    response.headers.update({**HEADERS, **(error.headers or {})})
    return response


async def _broken(_: Request, __: Exception) -> Response:
    detail = "Something went wrong on our side."
    return problem(500, "INTERNAL_ERROR", detail, instance=NOWHERE)


async def _health(_: Request) -> Response:
    return _json({"status": "ok"})


def _header_token(request: Request) -> str:
    """Of `Authorization: Token …`; "" is nobody's."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "token" else ""


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
