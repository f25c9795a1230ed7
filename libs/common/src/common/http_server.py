"""One uvicorn server inside a process that has other things to do."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from common.http_protocol import BoundedProtocol


class HttpServer(uvicorn.Server):
    """Leaves the signals to the process, which stops all its parts together."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: Any, listen: str, stopping: asyncio.Event, *, grace: float) -> None:
    """Serve until `stopping`; then finish what was accepted, for at most `grace` seconds."""
    host, _, port = listen.rpartition(":")
    server = HttpServer(
        uvicorn.Config(
            app,
            host=host.strip("[]"),
            port=int(port),
            http=BoundedProtocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=True,
            timeout_graceful_shutdown=max(1, int(grace)),
            proxy_headers=False,
        )
    )

    async def stop() -> None:
        await stopping.wait()
        server.should_exit = True

    async with asyncio.TaskGroup() as tasks:
        stop_task = tasks.create_task(stop())
        await server.serve()
        stop_task.cancel()
        if not stopping.is_set():
            raise RuntimeError(f"The HTTP server on {listen} stopped by itself.")
