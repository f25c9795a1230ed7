"""Pages of long lists. Tokens say where the next one begins: opaque to clients, no secret."""

import base64
import struct
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from common.errors import DomainError, Kind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAYOUT = struct.Struct(">q16s")  # microseconds since the epoch, id


class InvalidPage(DomainError):
    """The page size or the page token is not one of ours."""

    kind = Kind.INVALID
    reason = "INVALID_PAGE"

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field} must be {expected}.", field=field)


class Mark(NamedTuple):
    """The last entry of a page, in a list in order of time and then of id."""

    at: datetime
    id: UUID


def page_size(wanted: int, *, usual: int, largest: int) -> int:
    if not 0 <= wanted <= largest:
        raise InvalidPage("page_size", f"between 1 and {largest}")
    return wanted or usual


def offset(wanted: int) -> int:
    """Entries to pass over."""
    if wanted < 0:
        raise InvalidPage("offset", "0 or more")
    return wanted


def write_token(last: Mark | None) -> str:
    """Empty when nothing follows."""
    if last is None:
        return ""
    micros = (last.at - EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(LAYOUT.pack(micros, last.id.bytes)).decode()


def read_token(token: str) -> Mark | None:
    if not token:
        return None
    try:
        micros, id_ = LAYOUT.unpack(base64.b64decode(token, altchars=b"-_", validate=True))
        return Mark(EPOCH + timedelta(microseconds=micros), UUID(bytes=id_))
    except (ValueError, OverflowError, struct.error):
        raise InvalidPage("page_token", "a token that a list gave") from None
