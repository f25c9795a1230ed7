"""Works as sources told of them, and as they were shown to a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from ingest.drafts import MediaDraft, Source

VERSION, VARIANT = 8, 0b10


class OwnPreviews(NamedTuple):
    """Previews as their owner names them."""

    user_id: UUID
    preview_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview; `media_item_id` is the work that it was saved as."""

    id: UUID
    draft: MediaDraft
    expires_at: datetime
    media_item_id: UUID | None = None


class Status(StrEnum):
    OK = "ok"
    TIMED_OUT = "timed_out"
    CIRCUIT_OPEN = "circuit_open"
    THROTTLED = "throttled"
    OFF = "off"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Of one source; `milliseconds` unless it was not asked, `problem` in words for people."""

    source: Source
    status: Status = Status.OK
    shown: Sequence[Shown] = ()
    milliseconds: float | None = None
    problem: str = ""
    from_previews: bool = False


def preview_id(user_id: UUID, source: str, external_id: str) -> UUID:
    """UUIDv8 (RFC 9562, 5.8): the same whenever the same record is shown to the same person."""
    name = f"{user_id} {source} {external_id}".encode()
    number = int.from_bytes(blake2b(name, digest_size=16).digest())
    number = number & ~(0xF << 76) | VERSION << 76
    return UUID(int=number & ~(0b11 << 62) | VARIANT << 62)
