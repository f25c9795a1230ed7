"""What a service does about each message it listens to."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from google.protobuf.message import Message

from common.db import Session

Handler = Callable[[Session, Any], Awaitable[None]]
Handlers = Mapping[type[Message], Handler]


def by_stream(handlers: Handlers) -> Mapping[str, Handlers]:
    """Handlers grouped by the stream that carries their messages: AUTH, CATALOG …"""
    grouped: dict[str, dict[type[Message], Handler]] = {}
    for message, handler in handlers.items():
        context = message.DESCRIPTOR.full_name.split(".")[1]
        grouped.setdefault(context.upper(), {})[message] = handler
    return grouped
