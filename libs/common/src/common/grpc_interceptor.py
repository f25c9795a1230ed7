"""What happens around every RPC: peer, person, deadline, errors, counts."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc
import structlog
from prometheus_client import Counter, Histogram

from common.access import Rule
from common.db import is_unavailable
from common.errors import DatabaseUnavailable, DomainError, Kind
from common.grpc_errors import NO_RETRY, Trailing, from_rpc_error, to_metadata
from common.identity import AdminRequired, Caller, InvalidToken, TokenVerifier
from common.requests import AUTHORIZATION, REQUEST_ID, Request, current

log = structlog.get_logger()

HEALTH_SERVICE = "/grpc.health.v1.Health/"

rpcs_total = Counter("grpc_server_handled", "RPCs answered.", ["method", "code"])
rpc_seconds = Histogram("grpc_server_handling_seconds", "Time to answer an RPC.", ["method"])


class CallerNotAllowed(DomainError):
    kind = Kind.FORBIDDEN
    reason = "CALLER_NOT_ALLOWED"

    def __init__(self, peer: str, method: str) -> None:
        super().__init__(f"{peer or 'A nameless peer'} may not call {method}.", peer=peer)


class Interceptor(grpc.aio.ServerInterceptor):
    """One for all: each further interceptor would cost every call."""

    def __init__(self, domain: str, rules: Mapping[str, Rule], verifier: TokenVerifier) -> None:
        self.domain = domain
        self.rules = rules
        self.verifier = verifier
        self._handlers: dict[str, Any] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        method = str(handler_call_details.method)
        if method.startswith(HEALTH_SERVICE):
            return await continuation(handler_call_details)
        if method not in self._handlers:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            self._handlers[method] = self._guarded(method, handler)
        return self._handlers[method]

    def _guarded(self, method: str, handler: Any) -> Any:
        rule = self.rules[method]
        call = handler.unary_unary

        async def guarded(request: Any, context: Any) -> Any:
            began = time.perf_counter()
            code = grpc.StatusCode.OK
            try:
                current.set(await self._admit(method, rule, context))
                return await call(request, context)
            except grpc.aio.AbortError:
                raise
            except Exception as error:  # noqa: BLE001 boundary: it leaves as a status
                code, message, trailing = self._answer(method, error)
                await context.abort(code, message, trailing)
            finally:
                rpcs_total.labels(method, code.name).inc()
                rpc_seconds.labels(method).observe(time.perf_counter() - began)

        return grpc.unary_unary_rpc_method_handler(
            guarded, handler.request_deserializer, handler.response_serializer
        )

    async def _admit(self, method: str, rule: Rule, context: Any) -> Request:
        peer = _peer_name(context)
        if peer not in rule.callers:
            raise CallerNotAllowed(peer, method)
        metadata = dict(context.invocation_metadata() or ())
        caller = await self._person(rule, str(metadata.get(AUTHORIZATION, "")))
        left = context.time_remaining()
        return Request(
            request_id=str(metadata.get(REQUEST_ID, "")),
            caller=caller,
            deadline=None if left is None else time.monotonic() + left,
        )

    async def _person(self, rule: Rule, authorization: str) -> Caller | None:
        if rule.reads_person and authorization:
            caller = await self.verifier.verify(authorization.removeprefix("Bearer "))
            if rule.needs_admin and not caller.is_admin:
                raise AdminRequired
            return caller
        if rule.needs_person:
            raise InvalidToken
        return None

    def _answer(self, method: str, error: Exception) -> tuple[grpc.StatusCode, str, Trailing]:
        known: DomainError | None = None
        if isinstance(error, DomainError):
            known = error
        elif isinstance(error, grpc.aio.AioRpcError):
            known = from_rpc_error(error)
        elif is_unavailable(error):
            log.warning("database unavailable", method=method, error=str(error)[:200])
            known = DatabaseUnavailable()
        if known is not None:
            return to_metadata(known, self.domain)
        log.error("unhandled error", method=method, exc_info=error)
        return grpc.StatusCode.INTERNAL, "internal error", (NO_RETRY,)


def _peer_name(context: Any) -> str:
    names = context.auth_context().get("x509_common_name", [b""])
    return str(names[0], "utf-8")
