"""The life of a service process: wait for what it needs, run its parts, stop them together."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
import uvloop
from nats.aio.client import Client

from common import db, nats_client
from common.settings import DataServiceSettings, ServiceSettings

log = structlog.get_logger()

Part = Callable[[asyncio.Event], Awaitable[None]]

FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 5.0


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def until_done() -> None:
        await main()

    uvloop.run(until_done())


async def run_parts(*parts: Part) -> None:
    """Run until SIGTERM or SIGINT; every part then finishes what it accepted and returns.

    A part that fails takes the process down: whoever runs it starts it anew.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    log.info("serving")
    async with asyncio.TaskGroup() as tasks:
        for part in parts:
            tasks.create_task(_until_stopped(part, stopping))
    log.info("stopped")


async def _until_stopped(part: Part, stopping: asyncio.Event) -> None:
    await part(stopping)
    if not stopping.is_set():
        raise RuntimeError(f"{part} ended by itself.")


@asynccontextmanager
async def database(settings: DataServiceSettings) -> AsyncIterator[db.Database]:
    """The service's database, once it answers."""
    async with db.connect(settings.database_url, settings.database_pool_size) as connected:
        await _until_it_answers("Postgres", connected.ping, db.is_unavailable)
        yield connected


@asynccontextmanager
async def nats(service: str, settings: ServiceSettings) -> AsyncIterator[Client]:
    """The connection to NATS, once it answers."""
    async with AsyncExitStack() as stack:
        found: list[Client] = []

        async def attempt() -> None:
            found.append(await stack.enter_async_context(nats_client.connect(service, settings)))

        await _until_it_answers("NATS", attempt, nats_client.is_unavailable)
        yield found[0]


async def _until_it_answers(
    what: str,
    attempt: Callable[[], Awaitable[None]],
    is_unavailable: Callable[[BaseException], bool],
) -> None:
    wait = FIRST_WAIT_SECONDS
    while True:
        try:
            await attempt()
        except Exception as error:
            if not is_unavailable(error):
                raise
            log.warning("waiting", what=what, error=str(error)[:200] or type(error).__name__)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)
        else:
            return
