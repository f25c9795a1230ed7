"""What the failure of a handler means, and in words."""

import asyncio
from collections.abc import Awaitable

from grpc import StatusCode
from grpc.aio import AioRpcError

from common import patience
from common.db import DEADLOCK, QUERY_CANCELED, is_unavailable, sqlstate
from common.errors import Kind
from common.grpc_errors import RemoteError
from common.jobs import TryLater
from common.patience import Patience

HANDLER_SECONDS = 25.0
AWAY_STATUSES = (StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED, StatusCode.CANCELLED)
WORDS_LENGTH = 300


class Hung(Exception):
    def __init__(self) -> None:
        super().__init__(f"The handler had not ended after {HANDLER_SECONDS:g} s.")


async def limited(work: Awaitable[None]) -> None:
    limit = asyncio.timeout(HANDLER_SECONDS)
    try:
        async with limit:
            await work
    except TimeoutError as error:
        if limit.expired():
            raise Hung from error
        raise


class Unknown(Exception):
    """A kind of message that this version does not know; a newer one may."""


def patience_with(error: Exception) -> Patience | None:
    """None when it counts as a failure of the message."""
    if isinstance(error, TryLater):
        return None if error.counted else patience.TURN
    if isinstance(error, Unknown):
        return patience.UNKNOWN
    return patience.AWAY if is_away(error) else None


def is_away(error: Exception) -> bool:
    """Whether our database or a peer does not answer, for which the message cannot be blamed.

    A statement that the server ended, at its limit or in a deadlock, is the message's own.
    """
    if isinstance(error, AioRpcError):
        return error.code() in AWAY_STATUSES
    if isinstance(error, RemoteError):
        return error.kind is Kind.UNAVAILABLE
    return is_unavailable(error) and sqlstate(error) not in {QUERY_CANCELED, DEADLOCK}


def in_words(error: Exception) -> str:
    if isinstance(error, AioRpcError):  # which says of itself where its peer is, line by line
        return f"{error.code().name}: {error.details() or 'without a word'}"[:WORDS_LENGTH]
    words = str(error) if isinstance(error, TryLater) else f"{type(error).__name__}: {error}"
    return words[:WORDS_LENGTH]
