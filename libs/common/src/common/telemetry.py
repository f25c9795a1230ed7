"""Logs and traces, set up once per process."""

import logging
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import structlog
from opentelemetry import propagate, trace
from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanKind, StatusCode, get_current_span

from common.requests import REQUEST_ID, current
from common.settings import ServiceSettings

tracer = trace.get_tracer("tastebuds")

# httpx logs whole addresses, keys included; the exporter warns at each of its own retries.
QUIETER = {
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "alembic": logging.WARNING,
    "opentelemetry": logging.ERROR,
}


def configure(service: str, settings: ServiceSettings) -> None:
    _configure_logs(service, settings)
    if settings.otlp_endpoint:
        from common import tracing  # noqa: PLC0415 its import costs more than it is often worth

        tracing.install(service, settings.trace_ratio)


def is_tracing() -> bool:
    """Off means not installed: interceptors cost even when nothing is sampled."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def grpc_server_interceptors() -> list[Any]:
    if not is_tracing():
        return []
    from common import tracing  # noqa: PLC0415 as above

    return tracing.grpc_server_interceptors()


def grpc_client_interceptors() -> list[Any]:
    if not is_tracing():
        return []
    from common import tracing  # noqa: PLC0415 as above

    return tracing.grpc_client_interceptors()


def trace_id() -> str | None:
    """The current trace id as 32 hex digits, when a trace is under way."""
    context = get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None


def trace_id_of(headers: Mapping[str, str]) -> str | None:
    """The trace that a message belongs to, whether or not anything is traced here."""
    context = get_current_span(propagate.extract(headers)).get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None


def carried_context() -> dict[str, str]:
    """Headers (W3C Trace Context, and our id of the request) by which someone later goes on."""
    request = current.get()
    carrier = {REQUEST_ID: request.request_id} if request and request.request_id else {}
    if is_tracing():
        propagate.inject(carrier)
    return carrier


def continued_span(
    name: str, headers: Mapping[str, str], kind: SpanKind = SpanKind.CONSUMER
) -> AbstractContextManager[Span]:
    """A span of work that a message asked for: child of its sender's span, and linked to it."""
    if not is_tracing():
        return nullcontext(INVALID_SPAN)  # one that is not recorded costs like one that is
    context = propagate.extract(headers)
    sender = get_current_span(context).get_span_context()
    links = [Link(sender)] if sender.is_valid else []
    return tracer.start_as_current_span(name, context=context, kind=kind, links=links)


def mark_failed(error: Exception) -> None:
    """Show the current span as failed, though whoever began it goes on."""
    span = get_current_span()
    span.record_exception(error)
    span.set_status(StatusCode.ERROR)


def _configure_logs(service: str, settings: ServiceSettings) -> None:
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _add_request,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[Any]
    if settings.log_format == "console":
        # Plain: the pretty tracebacks show local variables, and with them secrets.
        plain = structlog.dev.plain_traceback
        renderer = [structlog.dev.ConsoleRenderer(pad_event_to=0, exception_formatter=plain)]
    else:
        renderer = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for name, level in QUIETER.items():
        logging.getLogger(name).setLevel(level)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def _add_request(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    request = current.get()
    if request is not None and request.request_id:
        event["request_id"] = request.request_id
    trace = trace_id()
    if trace is not None:
        event["trace_id"] = trace
    return event
