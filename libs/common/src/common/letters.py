"""Dead letters as they are read: what could not be done, and why."""

from dataclasses import dataclass
from datetime import datetime
from email.header import Header, decode_header

from nats.js.api import RawStreamMsg

from common import dead_letters
from common.envelopes import without_orders


@dataclass(frozen=True, slots=True)
class Letter:
    """`letter_id` is its place on the stream; a letter that is discarded gets a new one."""

    letter_id: int
    service: str
    consumer: str
    stream: str
    subject: str
    headers: dict[str, str]
    body: bytes
    attempts: int
    error: str
    trace_id: str
    buried_at: datetime
    discarded_by: str
    discard_reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """`text` is a part of the subject or of the error, in any case; empty fields want all."""

    consumer: str = ""
    text: str = ""
    discarded: bool = False

    def takes(self, letter: Letter) -> bool:
        text = self.text.casefold()
        return text in letter.subject.casefold() or text in letter.error.casefold()


def letter_of(message: RawStreamMsg) -> Letter:
    headers = {name: _text(value) for name, value in without_orders(message.headers).items()}
    _, service, _, consumer = (message.subject or "").split(".", 3)
    return Letter(
        letter_id=message.seq or 0,
        service=service,
        consumer=consumer,
        stream=headers.get(dead_letters.ORIGIN, ""),
        subject=headers.get(dead_letters.SUBJECT, ""),
        headers=headers,
        body=message.data or b"",
        attempts=int(headers.get(dead_letters.ATTEMPTS, "0")),
        error=headers.get(dead_letters.ERROR, ""),
        trace_id=headers.get(dead_letters.TRACE_ID, ""),
        buried_at=datetime.fromisoformat(headers[dead_letters.BURIED_AT]),
        discarded_by=headers.get(dead_letters.DISCARDED_BY, ""),
        discard_reason=headers.get(dead_letters.DISCARD_REASON, ""),
    )


def _text(value: str | Header) -> str:
    """nats-py reads a stored message's headers as an e-mail's, where other letters are encoded."""
    if isinstance(value, str):
        return value
    chunks = [each for each, _ in decode_header(value)]
    return b"".join(chunks).decode(errors="replace")
