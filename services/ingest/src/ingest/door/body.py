"""Bodies on their way in: their length, their time and the memory they take are bounded."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from ingest.door.errors import BodyTooLarge, BodyTooSlow, DoorCrowded
from ingest.webhooks.documents import MOST_BYTES
from ingest.webhooks.redaction import REDACTED

SECONDS = 20.0
ALL_BYTES = 64 * 1024 * 1024
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


def without(token: str, body: bytes) -> bytes:
    """What is kept of a body that repeats its own address: later on nobody knows the token."""
    if len(token) < len(REDACTED):  # none of ours, and the body would grow
        return body
    for encoding in _ENCODINGS:
        body = body.replace(token.encode(encoding), REDACTED.encode(encoding))
    return body


class Room:
    """The memory that all bodies share."""

    def __init__(self, size: int = ALL_BYTES, seconds: float = SECONDS) -> None:
        self._free = size
        self._seconds = seconds

    @contextmanager
    def visit(self) -> Iterator["Visit"]:
        visit = Visit(self, self._seconds)
        try:
            yield visit
        finally:
            self._free += visit.size

    def give(self, size: int) -> None:
        if size > self._free:
            raise DoorCrowded
        self._free -= size


class Visit:
    """One body; `size` is what it holds of the room until the visit ends."""

    def __init__(self, room: Room, seconds: float) -> None:
        self._room = room
        self._seconds = seconds
        self.size = 0

    async def read(self, request: Request) -> bytes:
        """Raises BodyTooLarge, BodyTooSlow, DoorCrowded, or ClientDisconnect."""
        if int(request.headers.get("content-length", 0)) > MOST_BYTES:
            raise BodyTooLarge(MOST_BYTES)
        chunks: list[bytes] = []
        try:
            async with asyncio.timeout(self._seconds):
                async for chunk in request.stream():
                    if self.size + len(chunk) > MOST_BYTES:
                        raise BodyTooLarge(MOST_BYTES)
                    self._room.give(len(chunk))
                    self.size += len(chunk)
                    chunks.append(chunk)
        except TimeoutError:
            raise BodyTooSlow(self._seconds) from None
        return b"".join(chunks)
