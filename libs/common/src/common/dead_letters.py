"""Dead letters: messages that could not be done, kept with all that explains why."""

from datetime import UTC, datetime

import structlog
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import Header

from common import telemetry
from common.envelopes import carried_headers, place_of
from common.requests import REQUEST_ID
from common.tallies import ConsumerState

log = structlog.get_logger()

STREAM = "DLQ"
ERROR_LENGTH = 500

# Headers that explain the letter, beside those of its message.
SUBJECT = "Dlq-Subject"
ORIGIN = "Dlq-Stream"
SEQUENCE = "Dlq-Sequence"
ATTEMPTS = "Dlq-Attempts"
ERROR = "Dlq-Error"
TRACE_ID = "Dlq-Trace-Id"
BURIED_AT = "Dlq-Buried-At"
DISCARDED_BY = "Dlq-Discarded-By"
DISCARD_REASON = "Dlq-Discard-Reason"
PREFIX = "Dlq-"


def waiting(service: str, consumer: str = ">") -> str:
    """The subject of letters that nobody has decided on; without a consumer, of all of them."""
    return f"dlq.{service}.waiting.{consumer}"


def discarded(service: str, consumer: str = ">") -> str:
    return f"dlq.{service}.discarded.{consumer}"


def claim(service: str, letter_id: int) -> str:
    """The subject on which somebody says that a letter is theirs to move."""
    return f"dlq.{service}.claimed.{letter_id}"


async def bury(
    jetstream: JetStreamContext, message: Msg, consumer: ConsumerState, attempts: int, error: str
) -> None:
    """Keep the message on the stream of dead letters, then take it off its own; in this order."""
    origin, headers = message.metadata, message.headers or {}
    why = {
        SUBJECT: message.subject,
        ORIGIN: origin.stream,
        SEQUENCE: str(origin.sequence.stream),
        ATTEMPTS: str(attempts),
        ERROR: in_a_line(error),
        # As in the answers: while nothing is traced, the request's id tells as much.
        TRACE_ID: telemetry.trace_id_of(headers) or headers.get(REQUEST_ID, ""),
        BURIED_AT: datetime.now(UTC).isoformat(),
        Header.MSG_ID.value: f"dlq.{consumer.durable}.{place_of(message)}",
    }
    await jetstream.publish(
        waiting(consumer.service, consumer.durable),
        message.data,
        headers=carried_headers(message) | why,
    )
    await message.term()
    consumer.note(why[ERROR])
    consumer.count_dead()
    log.error("dead letter", subject=message.subject, error=why[ERROR])


def in_a_line(words: str) -> str:
    """As a header can hold it."""
    return " ".join(words.split())[:ERROR_LENGTH]
