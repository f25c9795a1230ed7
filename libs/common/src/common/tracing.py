"""The tracing machinery itself: imported only when traces are sent, for it is heavy."""

from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.grpc import (
    aio_client_interceptors,
    aio_server_interceptor,
    filters,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased


def install(service: str, ratio: float) -> None:
    """Send a share of the traces that begin here, and all that were sampled elsewhere."""
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(ratio)),
        resource=Resource.create({"service.name": service}),
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


# Health checks are no part of any story; besides, the instrumentation cannot stream them.
NOT_HEALTH = filters.negate(filters.health_check())


def grpc_server_interceptors() -> list[Any]:
    return [aio_server_interceptor(filter_=NOT_HEALTH)]  # type: ignore[no-untyped-call]


def grpc_client_interceptors() -> list[Any]:
    return list(aio_client_interceptors(filter_=NOT_HEALTH))  # type: ignore[no-untyped-call]
