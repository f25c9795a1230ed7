"""What a callee's answer means, when it is a refusal."""

from collections.abc import Awaitable
from typing import TypeVar

from grpc import StatusCode
from grpc.aio import AioRpcError

from common.errors import DomainError, Kind
from common.grpc_errors import from_rpc_error

Reply = TypeVar("Reply")


async def answer(call: Awaitable[Reply]) -> Reply:
    try:
        return await call
    except AioRpcError as error:
        raise _refusal(error) or error from error


async def found(call: Awaitable[Reply]) -> Reply | None:
    """None when the callee has no such thing."""
    try:
        return await call
    except AioRpcError as error:
        if error.code() is StatusCode.NOT_FOUND:
            return None
        raise _refusal(error) or error from error


def _refusal(error: AioRpcError) -> DomainError | None:
    """The callee's decision; None when it is away or broken, which another try may find mended."""
    refusal = from_rpc_error(error)
    return None if refusal is None or refusal.kind is Kind.UNAVAILABLE else refusal
