"""What a message carries beside its body: its id, its attempt, and headers to keep."""

from collections.abc import Mapping
from uuid import NAMESPACE_OID, UUID, uuid5

from google.protobuf.message import DecodeError, Message
from nats.aio.msg import Msg
from nats.js.api import Header

from common import jobs


class Malformed(Exception):
    """Nobody here can understand the message; trying again would not help."""


def message_id_of(message: Msg) -> UUID:
    """The id under which it was first published.

    What a recurring schedule fires has none; there its place on the stream makes one.
    """
    headers = message.headers or {}
    stated = headers.get(jobs.MESSAGE_ID) or headers.get(Header.MSG_ID.value)
    if not stated:
        if Header.SCHEDULER.value not in headers:
            raise Malformed("it has no id")
        return uuid5(NAMESPACE_OID, place_of(message))
    try:
        return UUID(stated)
    except ValueError:
        raise Malformed("its id is not a UUID") from None


def place_of(message: Msg) -> str:
    """No other message had or will have this one."""
    return f"{message.metadata.stream}.{message.metadata.sequence.stream}"


def attempt_of(message: Msg) -> int:
    stated = (message.headers or {}).get(jobs.ATTEMPT, "1")
    if not stated.isdecimal():
        raise Malformed("its attempt is not a number")
    return int(stated)


def body_of(kind: type[Message], message: Msg) -> Message:
    try:
        return kind.FromString(message.data)
    except DecodeError as error:
        raise Malformed(f"its body is no {kind.DESCRIPTOR.name}: {error}") from None


def carried_headers(message: Msg) -> dict[str, str]:
    """What it says wherever it goes, its id among it."""
    headers = without_orders(message.headers)
    stated = (message.headers or {}).get(Header.MSG_ID.value)
    return {jobs.MESSAGE_ID: stated} | headers if stated else headers


def without_orders(headers: Mapping[str, str] | None) -> dict[str, str]:
    """The server's own headers are orders to it, or news of where a message has been."""
    stated = headers or {}
    return {name: stated[name] for name in stated if not name.lower().startswith("nats-")}
