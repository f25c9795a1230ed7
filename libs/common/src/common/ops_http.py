"""The operator's door of every service: alive, ready, queues, metrics."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common import queue_metrics
from common.queue_report import QueueReport

log = structlog.get_logger()

Check = Callable[[], Awaitable[None]]
Report = Callable[[], Awaitable[QueueReport]]

CHECK_SECONDS = 3.0
# To ask all replicas, Postgres and NATS takes longer than to tell what is known.
FRESH_SECONDS = 5.0


def create_app(checks: Mapping[str, Check], queues: Report) -> Starlette:
    """`checks` raise when what they name does not answer; `queues` take bounded time."""

    async def health(_: Request) -> Response:
        return _json({"status": "ok"})

    async def ready(_: Request) -> Response:
        failures = await asyncio.gather(*(_failure(check) for check in checks.values()))
        missing = {name: why for name, why in zip(checks, failures, strict=True) if why}
        status = "unavailable" if missing else "ok"
        return _json({"status": status, "missing": missing}, 503 if missing else 200)

    async def show_queues(_: Request) -> Response:
        return _json(await queues())

    shown_at = float("-inf")

    async def metrics(_: Request) -> Response:
        nonlocal shown_at
        if time.monotonic() - shown_at > FRESH_SECONDS:
            shown_at = time.monotonic()
            try:
                queue_metrics.show(await queues())
            except Exception:  # boundary: the other metrics are told in any case
                log.exception("queues not reported")
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    routes: Sequence[Route] = [
        Route("/health", health),
        Route("/ready", ready),
        Route("/queues", show_queues),
        Route("/metrics", metrics),
    ]
    return Starlette(routes=routes)


async def _failure(check: Check) -> str | None:
    try:
        await asyncio.wait_for(check(), CHECK_SECONDS)
    except Exception as error:  # noqa: BLE001 boundary: whatever is wrong is the answer
        return f"{type(error).__name__}: {error}"[:300]
    return None


def _json(content: Any, status: int = 200) -> Response:
    body = orjson.dumps(content, option=orjson.OPT_UTC_Z)
    return Response(body, status, media_type="application/json")
