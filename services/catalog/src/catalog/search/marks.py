"""Where a page of hits ends: opaque to clients, no secret."""

import base64
import struct
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

import orjson

from catalog.search.questions import Filters, Question
from common.pages import InvalidPage

_LAYOUT = struct.Struct(">8sd16s")  # the question, the score and the id of the last hit


class Mark(NamedTuple):
    """The last hit of a page, in the order of scores and then of ids, the highest first."""

    score: float
    id: UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """The hits behind `after`, or else behind the first `skip`."""

    after: Mark | None
    skip: int
    take: int


def digest(question: Question, filters: Filters) -> bytes:
    """Short for what is asked. A cursor goes on with no other question."""
    asked = orjson.dumps([question, filters], default=str)
    return blake2b(asked, digest_size=8).digest()


def write(asked: bytes, last: Mark | None) -> str:
    """Empty when nothing follows."""
    if last is None:
        return ""
    packed = _LAYOUT.pack(asked, last.score, last.id.bytes)
    return base64.urlsafe_b64encode(packed).decode()


def read(asked: bytes, token: str) -> Mark | None:
    if not token:
        return None
    try:
        of, score, id_ = _LAYOUT.unpack(base64.b64decode(token, altchars=b"-_", validate=True))
    except (ValueError, struct.error):
        raise InvalidPage("page_token", "a token that a search gave") from None
    if of != asked:
        raise InvalidPage("page_token", "a token of this search")
    return Mark(score, UUID(bytes=id_))
