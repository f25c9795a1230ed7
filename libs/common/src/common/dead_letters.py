"""Dead letters: messages that could not be done, kept with all that explains why."""

from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import Header

STREAM = "DLQ"
ERROR_LENGTH = 500


async def bury(jetstream: JetStreamContext, message: Msg, consumer: str, error: str) -> None:
    """Keep the message on the stream of dead letters, then take it off its own; in this order."""
    origin = message.metadata
    name = f"{consumer}.{origin.stream}"
    await jetstream.publish(
        f"dlq.{name}",
        message.data,
        headers={
            **(message.headers or {}),
            Header.MSG_ID.value: f"dlq.{name}.{origin.sequence.stream}",
            "Dlq-Subject": message.subject,
            "Dlq-Sequence": str(origin.sequence.stream),
            "Dlq-Attempts": str(origin.num_delivered),
            "Dlq-Error": " ".join(error.split())[:ERROR_LENGTH],
        },
    )
    await message.term()
