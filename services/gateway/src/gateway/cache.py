"""Finished answers in memory."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from prometheus_client import Counter

TTL_SECONDS = 60.0
# What one entry costs beside its body.
OVERHEAD_BYTES = 1500
# One giant must not push out everything else.
LARGEST_SHARE = 8

cache_hits = Counter("gateway_cache_hits", "Answers given from memory.", ["cache"])
cache_misses = Counter("gateway_cache_misses", "Answers that had to be asked for.", ["cache"])


class Finished(Protocol):
    """An answer whose bytes need no more work."""

    @property
    def body(self) -> bytes: ...


T = TypeVar("T", bound=Finished)


@dataclass(frozen=True, slots=True)
class FinishedJson:
    body: bytes


@dataclass(slots=True, eq=False)
class _Read:
    """A read under way; `is_stale` once an invalidation came while it was."""

    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    value: T
    expires_at: float
    size: int


class Cache(Generic[T]):
    """Least recently used goes first; nothing is older than a minute whatever gets lost.

    What was read before an invalidation arrived is not stored (the read may have seen the state
    before the change), and nothing is stored while `is_followed` says that events are missed.
    """

    def __init__(self, name: str, max_bytes: int, is_followed: Callable[[], bool]) -> None:
        self._max_bytes = max_bytes
        self._is_followed = is_followed
        self._entries: OrderedDict[str, _Entry[T]] = OrderedDict()
        self._reads: dict[str, set[_Read]] = {}
        self._bytes = 0
        self._hits = cache_hits.labels(name)
        self._misses = cache_misses.labels(name)

    def find(self, key: str) -> T | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires_at < time.monotonic():
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        self._hits.inc()
        return entry.value

    async def read(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        found = self.find(key)
        if found is not None:
            return found
        self._misses.inc()
        read = _Read(is_stale=not self._is_followed())
        self._reads.setdefault(key, set()).add(read)
        try:
            value = await ask()
        finally:
            reads = self._reads[key]
            reads.discard(read)
            if not reads:
                del self._reads[key]
        if not read.is_stale and self._is_followed():
            self._store(key, value)
        return value

    def drop(self, key: str) -> None:
        self._remove(key)
        for read in self._reads.get(key, ()):
            read.is_stale = True

    def drop_all(self) -> None:
        self._entries.clear()
        self._bytes = 0
        for reads in self._reads.values():
            for read in reads:
                read.is_stale = True

    def _store(self, key: str, value: T) -> None:
        size = len(value.body) + OVERHEAD_BYTES
        if size * LARGEST_SHARE > self._max_bytes:
            return
        self._remove(key)
        self._entries[key] = _Entry(value, time.monotonic() + TTL_SECONDS, size)
        self._bytes += size
        while self._bytes > self._max_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= oldest.size

    def _remove(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size
