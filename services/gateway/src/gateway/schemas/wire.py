"""Reading protobuf messages for the public JSON, and back."""

from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from common import timestamps


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
