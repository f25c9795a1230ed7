"""What a request carries through a service: its caller, its id, its deadline."""

import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from common.errors import DomainError, Kind
from common.identity import Caller, InvalidToken

AUTHORIZATION = "authorization"
REQUEST_ID = "x-request-id"
CLOCK_MARGIN_SECONDS = 0.05
DEFAULT_TIMEOUT_SECONDS = 5.0
# asyncpg writes these as infinity, and reads infinity as a time without a zone.
UNSTORABLE_TIMES = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class InvalidId(DomainError):
    kind = Kind.INVALID
    reason = "INVALID_ID"

    def __init__(self, field: str, value: str) -> None:
        super().__init__(f"{field} is not a UUID: {value[:64]!r}.", field=field, value=value[:64])


class InvalidTime(DomainError):
    kind = Kind.INVALID
    reason = "INVALID_TIME"

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is not a point in time.", field=field)


class TooMany(DomainError):
    kind = Kind.INVALID
    reason = "TOO_MANY"

    def __init__(self, field: str, limit: int) -> None:
        super().__init__(f"{field} may hold at most {limit}.", field=field, limit=limit)


@dataclass(frozen=True, slots=True)
class Request:
    """The request being served; `deadline` is on the monotonic clock."""

    request_id: str
    caller: Caller | None = None
    deadline: float | None = None


class CallOptions(TypedDict):
    """Keyword arguments of a gRPC call."""

    timeout: float
    metadata: tuple[tuple[str, str], ...]


current: ContextVar[Request | None] = ContextVar("request", default=None)


def current_caller() -> Caller:
    caller = caller_or_none()
    if caller is None:
        raise InvalidToken
    return caller


def caller_or_none() -> Caller | None:
    """Of an RPC that anybody may call, signed in or not."""
    request = current.get()
    return None if request is None else request.caller


def onward(timeout: float = DEFAULT_TIMEOUT_SECONDS) -> CallOptions:
    """Options of a call made on behalf of the current request.

    The callee gets the caller's own access token and what is left of the deadline.
    """
    request = current.get()
    if request is None:
        return {"timeout": timeout, "metadata": ()}
    if request.deadline is not None:
        left = request.deadline - time.monotonic() - CLOCK_MARGIN_SECONDS
        timeout = max(0.0, min(timeout, left))
    metadata = [(REQUEST_ID, request.request_id)]
    if request.caller is not None:
        metadata.append((AUTHORIZATION, f"Bearer {request.caller.token}"))
    return {"timeout": timeout, "metadata": tuple(metadata)}


def parse_id(field: str, value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise InvalidId(field, value) from None


def parse_time(request: Message, field: str) -> datetime | None:
    """None when the field is absent."""
    if not request.HasField(field):
        return None
    value: Timestamp = getattr(request, field)
    try:
        moment = value.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise InvalidTime(field) from None
    if moment in UNSTORABLE_TIMES:
        raise InvalidTime(field)
    return moment


def parse_ids(field: str, values: Iterable[str], limit: int) -> list[UUID]:
    ids = [parse_id(field, value) for value in values]
    if len(ids) > limit:
        raise TooMany(field, limit)
    return ids
