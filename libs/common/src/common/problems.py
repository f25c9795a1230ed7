"""Refusals over HTTP: problem details (RFC 9457), made in this one place."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from common import requests, telemetry
from common.errors import Kind

MEDIA_TYPE = "application/problem+json"
STATUS_BY_KIND = {
    Kind.INVALID: 422,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 409,
    Kind.PRECONDITION: 409,
    Kind.RATE_LIMITED: 429,
    Kind.UNAVAILABLE: 503,
}
STANDARD = frozenset({"type", "title", "status", "detail", "instance", "reason", "trace_id"})


def problem(
    status: int,
    reason: str,
    detail: str,
    *,
    instance: str,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """One problem. `trace_id` is the trace's id or, while tracing is off, the request's."""
    request = requests.current.get()
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        "reason": reason,
        "trace_id": telemetry.trace_id() or (request.request_id if request else None),
    }
    content |= {name: value for name, value in (members or {}).items() if name not in STANDARD}
    body = orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)
    return Response(body, status, media_type=MEDIA_TYPE)
