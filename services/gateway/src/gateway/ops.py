"""What administrators ask of all services at once, and do to one of them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from grpc.aio import AioRpcError

from common.errors import DomainError, Kind
from common.grpc_errors import from_rpc_error
from common.requests import onward
from gateway.clients import Clients
from gateway.schemas.ops import QueueOverview, ServiceName, ServiceReport, SweepRun
from tastebuds.ops.v1.ops_service_pb2 import (
    GetQueuesRequest,
    GetQueuesResponse,
    RunSweepRequest,
    RunSweepResponse,
)

if TYPE_CHECKING:  # the class exists only in the stubs
    from tastebuds.ops.v1.ops_service_pb2_grpc import OpsServiceAsyncStub

# A service that hangs holds the page of all others up for as long.
SECONDS = 3.0

T = TypeVar("T")
Failures = Mapping[str, AioRpcError]


class ConsumerNotFound(DomainError):
    kind = Kind.NOT_FOUND
    reason = "CONSUMER_NOT_FOUND"

    def __init__(self, consumer: str) -> None:
        super().__init__("Consumer not found", consumer=consumer)


class AmbiguousConsumer(DomainError):
    kind = Kind.INVALID
    reason = "AMBIGUOUS_CONSUMER"

    def __init__(self, consumer: str, streams: Iterable[str]) -> None:
        listed = ", ".join(sorted(streams))
        super().__init__(
            f"{consumer} reads several streams: name one of {listed}.",
            field="stream",
            consumer=consumer,
            streams=listed,
        )


async def ask(
    stubs: Mapping[str, "OpsServiceAsyncStub"],
    call: Callable[["OpsServiceAsyncStub"], Awaitable[T]],
) -> tuple[dict[str, T], Failures]:
    """All at the same time: the answers, and the failures, by service."""
    outcomes = await asyncio.gather(*(_outcome(call(stub)) for stub in stubs.values()))
    answers: dict[str, T] = {}
    failures: dict[str, AioRpcError] = {}
    for service, outcome in zip(stubs, outcomes, strict=True):
        if isinstance(outcome, AioRpcError):
            failures[service] = outcome
        else:
            answers[service] = outcome
    return answers, failures


async def ask_any(
    stubs: Mapping[str, "OpsServiceAsyncStub"],
    call: Callable[["OpsServiceAsyncStub"], Awaitable[T]],
) -> tuple[dict[str, T], Failures]:
    """As `ask`, but it is an error when none answers."""
    answers, failures = await ask(stubs, call)
    if not answers:
        raise next(iter(failures.values()))
    return answers, failures


def in_words(failures: Failures) -> list[str]:
    """Details of a broken service are for its own log."""
    known = {service: from_rpc_error(error) for service, error in failures.items()}
    return [
        f"{service}: {error.message if error else 'It fails; its log says why.'}"
        for service, error in known.items()
    ]


async def overview(api: Clients) -> QueueOverview:
    """A service that does not answer is a warning, never an error."""

    def call(stub: "OpsServiceAsyncStub") -> Awaitable[GetQueuesResponse]:
        return stub.GetQueues(GetQueuesRequest(), **onward(SECONDS))

    answers, failures = await ask(api.ops, call)
    reports = [ServiceReport.of(reply) for reply in answers.values()]
    return QueueOverview.of(reports, in_words(failures))


async def stream_of(api: Clients, service: ServiceName, consumer: str) -> str:
    """The stream of a consumer of whom the service has only one of the name."""
    reply = await api.ops[service].GetQueues(GetQueuesRequest(), **onward(SECONDS))
    streams = [one.stream for one in reply.consumers if one.name == consumer]
    if not streams:
        raise ConsumerNotFound(consumer)
    if len(streams) > 1:
        raise AmbiguousConsumer(consumer, streams)
    return streams[0]


async def run_sweep(api: Clients, name: str) -> SweepRun:
    """Of one service when the name begins with it, else of all that have such a sweep."""
    service, _, rest = name.partition(".")
    stubs, sweep = ({service: api.ops[service]}, rest) if service in api.ops else (api.ops, name)

    def call(stub: "OpsServiceAsyncStub") -> Awaitable[RunSweepResponse]:
        return stub.RunSweep(RunSweepRequest(name=sweep), **onward(SECONDS))

    answers, failures = await ask(stubs, call)
    absent = {name: error for name, error in failures.items() if not _is_unknown(error)}
    if not answers:
        raise next(iter((absent or failures).values()))
    started = [f"{service}.{sweep}" for service in answers]
    return SweepRun(started=started, warnings=in_words(absent))


async def _outcome(call: Awaitable[T]) -> T | AioRpcError:
    try:
        return await call
    except AioRpcError as error:
        return error


def _is_unknown(error: AioRpcError) -> bool:
    known = from_rpc_error(error)
    return known is not None and known.kind is Kind.NOT_FOUND
