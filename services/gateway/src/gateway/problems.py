"""Every error answer: which problem a failure is."""

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from grpc.aio import AioRpcError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from common.errors import DomainError, Kind
from common.grpc_errors import from_rpc_error
from common.problems import STATUS_BY_KIND, problem
from gateway import cookies

log = structlog.get_logger()

# What the clients of the earlier version expect to be a 400; a reason alone may be of other kinds.
BAD_REQUESTS = {
    (Kind.CONFLICT, "EMAIL_ALREADY_REGISTERED"),
    (Kind.INVALID, "COURSE_IDS_MISMATCH"),
    (Kind.INVALID, "IDENTIFIER_REQUIRED"),
    (Kind.INVALID, "ITEM_IDS_MISMATCH"),
    (Kind.INVALID, "MEDIA_ITEM_NOT_AVAILABLE"),
    (Kind.INVALID, "TAG_NAME_BLANK"),
    (Kind.INVALID, "TAG_NOT_AVAILABLE"),
    (Kind.INVALID, "UNKNOWN_SENDER"),
    (Kind.INVALID, "UNKNOWN_STATUS_FILTER"),
}
# Their metadata has a sentence for each field that is wrong, by the field's name.
SENTENCES_BY_FIELD = {"INVALID_AVAILABILITY", "INVALID_MEDIA"}
REASON_BY_STATUS = {
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "INVALID_REQUEST",
    500: "INTERNAL_ERROR",
}
# Fields that the services call otherwise than the public.
PUBLIC_NAMES = {"page_token": "cursor", "page_size": "limit", "query": "q"}
RETRIED = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
SHOWN_ERRORS = 20
UNREADABLE_BODY = {"loc": ("body",), "msg": "JSON decode error", "type": "json_invalid"}


def internal(path: str) -> Response:
    return problem(500, REASON_BY_STATUS[500], "Something went wrong on our side.", instance=path)


def too_large(limit: int) -> str:
    return f"The body may be at most {limit} bytes long."


def body_too_large(path: str, limit: int) -> Response:
    # The connection stays: a sender cut off in the middle would not read this answer. The server
    # throws away what still comes.
    return problem(413, REASON_BY_STATUS[413], too_large(limit), instance=path)


def install(app: FastAPI) -> None:
    app.add_exception_handler(DomainError, _domain_error)
    app.add_exception_handler(AioRpcError, _rpc_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _unhandled)


async def _domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)  # noqa: S101 - registered for nothing else
    is_bad_request = (error.kind, error.reason) in BAD_REQUESTS
    status = HTTPStatus.BAD_REQUEST if is_bad_request else STATUS_BY_KIND[error.kind]
    members: dict[str, Any] = dict(error.metadata)
    message, field = error.message, error.metadata.get("field", "")
    if field in PUBLIC_NAMES:
        members["field"] = PUBLIC_NAMES[field]
        message = message.replace(field, members["field"], 1)
    if error.kind is Kind.STALE:
        # The earlier version's clients read the sentence from a member of this name.
        members["message"] = message
    if error.reason in SENTENCES_BY_FIELD:
        sentences, members = sorted(error.metadata.items()), {}
    else:
        sentences = [(members["field"], message)] if field else []
    if error.kind is Kind.INVALID and sentences:
        members["errors"] = [
            {"loc": [name], "msg": sentence, "type": error.reason.lower()}
            for name, sentence in sentences
        ]
    response = problem(
        status,
        error.reason,
        message,
        instance=request.scope["path"],
        members=members,
    )
    response.headers.update(_retry_after(error, status))
    cookies.drop_if_refused(request, response, error.reason)
    return response


async def _rpc_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AioRpcError)  # noqa: S101 - registered for nothing else
    known = from_rpc_error(error)
    if known is None:
        # Details of a broken callee are for its own log.
        log.error("broken callee", code=error.code().name, path=request.scope["path"])
        return await _unhandled(request, error)
    return await _domain_error(request, known)


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    return _invalid(request, error.errors())


def _invalid(request: Request, found: Sequence[Mapping[str, Any]]) -> Response:
    if _has_foreign_body(request, found):
        return problem(
            415,
            REASON_BY_STATUS[415],
            "The body must be sent as application/json.",
            instance=request.scope["path"],
        )
    # What was sent is never repeated: it may be a password.
    errors = [
        {"loc": [_readable(part) for part in one["loc"]], "msg": one["msg"], "type": one["type"]}
        for one in found[:SHOWN_ERRORS]
    ]
    return problem(
        422,
        REASON_BY_STATUS[422],
        _sentence(errors),
        instance=request.scope["path"],
        members={"errors": errors},
    )


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    if error.status_code == HTTPStatus.BAD_REQUEST:
        # FastAPI's word for a body on which its JSON parser gave up: no text, or without bottom.
        return _invalid(request, [UNREADABLE_BODY])
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_allowed(request)))
    response = problem(
        error.status_code,
        REASON_BY_STATUS.get(error.status_code, "HTTP_ERROR"),
        str(error.detail),
        instance=request.scope["path"],
    )
    response.headers.update(headers)
    return response


async def _unhandled(request: Request, _: Exception) -> Response:
    return internal(request.scope["path"])


def _retry_after(error: DomainError, status: int) -> dict[str, str]:
    if error.retry_after is None and status not in RETRIED:
        return {}
    return {"Retry-After": str(max(1, math.ceil(error.retry_after or 1)))}


def _has_foreign_body(request: Request, errors: Sequence[Mapping[str, Any]]) -> bool:
    """The whole body was refused, and it is not JSON by its own account."""
    if not any(tuple(one["loc"]) == ("body",) for one in errors):
        return False
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = request.headers.get("content-length", "0") != "0" or (
        "transfer-encoding" in request.headers
    )
    return has_body and not (kind == "application/json" or kind.endswith("+json"))


def _sentence(errors: Sequence[Mapping[str, Any]]) -> str:
    """The first fault as a sentence: older clients show `detail` as it is."""
    if not errors:
        return "The request is not valid."
    first = errors[0]
    if first["type"] == "json_invalid":
        return "The body is not valid JSON."
    place = first["loc"]
    # In an address that is a name and, for one that can be repeated, a place that nobody counts.
    where = [str(part) for part in (place[1:2] if place[0] == "query" else place[1:])]
    message = str(first["msg"])
    return f"{'.'.join(where)}: {message}." if where else f"{message}."


def _readable(part: Any) -> str | int:
    """A place in the request; a client's own key may hold what cannot be written as UTF-8."""
    if isinstance(part, int):
        return part
    return str(part).encode("utf-8", "replace").decode()[:64]


def _allowed(request: Request) -> set[str]:
    """All methods of a path: each route of it knows only its own."""
    routes: Sequence[APIRoute] = request.app.state.routes
    path = request.scope["path"]
    return {
        method for route in routes if route.path_regex.match(path) for method in route.methods or ()
    }
