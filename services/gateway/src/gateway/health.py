"""Who may see how much of the state of things."""

import structlog
from fastapi import Request
from grpc.aio import AioRpcError

from common.addresses import is_listed
from common.errors import DomainError
from common.grpc_errors import from_rpc_error
from common.identity import Caller
from common.requests import onward
from gateway.schemas.health import Health
from gateway.state import Gateway
from tastebuds.ingest.v1.ingest_service_pb2 import ListSourcesRequest

log = structlog.get_logger()

SECONDS = 2


async def report(request: Request, caller: Caller | None) -> Health:
    """Strangers learn only that the gateway lives; never is a Host header asked who they are."""
    gateway: Gateway = request.app.state.gateway
    address = gateway.surroundings.client_address(request.scope)
    if not (caller and caller.is_admin) and not is_listed(gateway.health_allowlist, address):
        return Health(status="ok")
    try:
        reply = await gateway.clients.ingest.ListSources(ListSourcesRequest(), **onward(SECONDS))
    except AioRpcError as error:
        known: DomainError | None = from_rpc_error(error)
        log.warning("ingest does not answer", reason=known.reason if known else error.code().name)
        return Health.without_ingest()
    return Health.of(reply.sources)
