"""While webhooks pour in, the work that they make waits a little."""

import asyncio
import time
from collections import deque

# So many within so many seconds are a rush.
MANY = 50
MOMENT_SECONDS = 0.5
PAUSE_SECONDS = 0.1


class Rush:
    """Of one process, where the door and those who work share a core.

    A sender waits for its answer; nobody waits for what follows.
    """

    def __init__(self) -> None:
        self._latest: deque[float] = deque(maxlen=MANY)
        self._turn = asyncio.Lock()

    def note(self) -> None:
        """One more has come in."""
        self._latest.append(time.monotonic())

    async def give_way(self) -> None:
        """While a rush is on, let one go on after the other: all goes on, if slowly."""
        async with self._turn:
            if self._is_on():
                await asyncio.sleep(PAUSE_SECONDS)

    def _is_on(self) -> bool:
        latest = self._latest
        return len(latest) == MANY and time.monotonic() - latest[0] < MOMENT_SECONDS
