"""Counts of what is too much to count, remembered: to estimate them is half of a search's cost."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from catalog.media.items import MediaType

Counts = Mapping[MediaType, int]

STAYS_TRUE_SECONDS = 300
MOST = 2000


@dataclass(slots=True)
class Estimates:
    """By question; of one process, the least recently asked is forgotten first."""

    clock: Callable[[], float] = time.monotonic
    _known: OrderedDict[bytes, tuple[float, Counts]] = field(default_factory=OrderedDict)

    def get(self, asked: bytes) -> Counts | None:
        at, counts = self._known.get(asked, (0.0, None))
        if counts is None:
            return None
        if at < self.clock() - STAYS_TRUE_SECONDS:
            del self._known[asked]
            return None
        self._known.move_to_end(asked)
        return counts

    def put(self, asked: bytes, counts: Counts) -> None:
        self._known[asked] = (self.clock(), counts)
        self._known.move_to_end(asked)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
