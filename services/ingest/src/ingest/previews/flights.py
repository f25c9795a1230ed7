"""What several wait for is done once."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Flight(Generic[T]):
    task: asyncio.Task[T]
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Flights(Generic[T]):
    """Of this process. Whatever comes out of one, it is not remembered."""

    _under_way: dict[Hashable, _Flight[T]] = field(default_factory=dict)

    async def share(self, key: Hashable, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The outcome of what is under way for `key`, or else begins; nobody waits: it ends."""
        flight = self._under_way.get(key)
        if flight is None:
            flight = self._under_way[key] = _Flight(asyncio.create_task(begin()))
        flight.waiting += 1
        try:
            # Whoever leaves does not take it away from the others.
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 or flight.task.done():
                flight.task.cancel()
                if self._under_way.get(key) is flight:
                    del self._under_way[key]
