"""Reading protobuf messages for the public JSON, and back."""

from datetime import UTC, datetime
from typing import Any

import orjson
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from common import timestamps

# What a sender may nest is no more than a tenth of it; a writer of JSON gives up at 255.
DEEPEST = 100


def present(message: Message, field: str) -> Any:
    """The field's value, or None when it is not set."""
    return getattr(message, field) if message.HasField(field) else None


def moment(timestamp: Timestamp) -> datetime:
    return datetime.fromtimestamp(timestamp.seconds, UTC).replace(
        microsecond=timestamp.nanos // 1000
    )


def present_moment(message: Message, field: str) -> datetime | None:
    return moment(getattr(message, field)) if message.HasField(field) else None


def timestamp(value: datetime | None) -> Timestamp | None:
    return None if value is None else timestamps.timestamp(value)


def readable(body: bytes) -> Any:
    """JSON as its value, whatever else as text, and nothing as None."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode(errors="replace") or None
    return value if _can_be_written(value, DEEPEST) else body.decode()


def _can_be_written(value: Any, levels: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_can_be_written(one, levels - 1) for one in inside)
