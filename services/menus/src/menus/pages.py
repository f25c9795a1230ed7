"""Page tokens: where the next page of menus begins. Opaque to clients, no secret."""

import base64
import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

from menus.documents.repository import After
from menus.errors import InvalidPage

DEFAULT_SIZE = 50
LARGEST_SIZE = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAYOUT = struct.Struct(">q16s")  # microseconds since the epoch, id


def page_size(wanted: int) -> int:
    if not 0 <= wanted <= LARGEST_SIZE:
        raise InvalidPage("page_size", f"between 1 and {LARGEST_SIZE}")
    return wanted or DEFAULT_SIZE


def write_token(after: After | None) -> str:
    if after is None:
        return ""
    micros = (after.created_at - EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(LAYOUT.pack(micros, after.menu_id.bytes)).decode()


def read_token(token: str) -> After | None:
    if not token:
        return None
    try:
        micros, menu_id = LAYOUT.unpack(base64.b64decode(token, altchars=b"-_", validate=True))
        return After(EPOCH + timedelta(microseconds=micros), UUID(bytes=menu_id))
    except (ValueError, OverflowError, struct.error):
        raise InvalidPage("page_token", "a token that a list gave") from None
