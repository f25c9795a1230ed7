"""The life of a service process: wait for what it needs, run its parts, stop them together."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable

import structlog
import uvloop

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
    # What is there by now stays: the garbage collector need not look at it again and again.
    gc.collect()
    gc.freeze()
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


async def until_it_answers(
    what: str,
    attempt: Callable[[], Awaitable[None]],
    is_unavailable: Callable[[BaseException], bool],
) -> None:
    """Attempt until it works; a process may start before what it needs."""
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
