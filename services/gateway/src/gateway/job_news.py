"""Who is told that a job changed, whichever replica of ingest changed it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from prometheus_client import Gauge

from common.errors import DomainError, Kind
from common.identity import Caller

RETRY_SECONDS = 30.0

open_streams = Gauge("gateway_job_streams", "Streams of job events that are open.")


class TooManyStreams(DomainError):
    kind = Kind.RATE_LIMITED
    reason = "TOO_MANY_STREAMS"

    def __init__(self, whose: str, limit: int) -> None:
        super().__init__(
            f"{whose} may have {limit} streams open at once.",
            retry_after=RETRY_SECONDS,
            limit=limit,
        )


class Listener:
    """One open stream; `heard` is the newest version that was told since the last look."""

    def __init__(self, caller: Caller, job_id: str) -> None:
        self.caller = caller
        self.job_id = job_id
        self.heard = 0
        self.is_ended = False
        self._told = asyncio.Event()

    def tell(self, version: int) -> None:
        self.heard = max(self.heard, version)
        self._told.set()

    def end(self) -> None:
        self.is_ended = True
        self._told.set()

    async def wait_for_news(self, since: int) -> None:
        """Until something newer than `since` was told, or there will be no more."""
        while self.heard <= since and not self.is_ended:
            self._told.clear()
            await self._told.wait()


class JobNews:
    """All listeners of this process; so many for everybody, and so many for one person."""

    def __init__(self, most: int, most_per_person: int) -> None:
        self._most = most
        self._most_per_person = most_per_person
        self._listeners: dict[str, set[Listener]] = {}
        self._per_person: Counter[UUID] = Counter()
        self._is_closed = False

    @property
    def open(self) -> int:
        return self._per_person.total()

    @contextmanager
    def listen(self, caller: Caller, job_id: str) -> Iterator[Listener]:
        if self._per_person[caller.user_id] >= self._most_per_person:
            raise TooManyStreams("One person", self._most_per_person)
        if self.open >= self._most:
            raise TooManyStreams("All people together", self._most)
        listener = Listener(caller, job_id)
        listener.is_ended = self._is_closed
        self._listeners.setdefault(job_id, set()).add(listener)
        self._per_person[caller.user_id] += 1
        open_streams.inc()
        try:
            yield listener
        finally:
            self._forget(listener)

    def tell(self, job_id: str, version: int) -> None:
        for listener in self._listeners.get(job_id, ()):
            listener.tell(version)

    def end_session(self, session_id: UUID) -> None:
        self._end(lambda caller: caller.session_id == session_id)

    def end_user(self, user_id: UUID) -> None:
        self._end(lambda caller: caller.user_id == user_id)

    async def run(self, stopping: asyncio.Event) -> None:
        """End every stream when the process is to stop; clients resume at another replica."""
        await stopping.wait()
        self._is_closed = True
        self._end(lambda _: True)

    def _end(self, is_meant: Callable[[Caller], bool]) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                if is_meant(listener.caller):
                    listener.end()

    def _forget(self, listener: Listener) -> None:
        listeners = self._listeners[listener.job_id]
        listeners.discard(listener)
        if not listeners:
            del self._listeners[listener.job_id]
        user_id = listener.caller.user_id
        self._per_person[user_id] -= 1
        if not self._per_person[user_id]:
            del self._per_person[user_id]
        open_streams.dec()
