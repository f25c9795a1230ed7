"""One at a time: of several who want to do the same, the server lets one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import BadRequestError, NotFoundError

from common.db import now

# Longer than it takes what is claimed; who died meanwhile holds nobody up for longer.
CLAIM = timedelta(seconds=60)
# The server's error code for another last message than the expected one.
IS_OTHERWISE = 10071


@asynccontextmanager
async def claimed(jetstream: JetStreamContext, stream: str, subject: str) -> AsyncIterator[bool]:
    """Whether it is ours, until the end of the block; the subject is for this claim alone."""
    claim = await _claim(jetstream, stream, subject)
    try:
        yield claim is not None
    finally:
        if claim is not None:
            with suppress(NatsError):  # it lapses by itself
                await jetstream.delete_msg(stream, claim)


async def _claim(jetstream: JetStreamContext, stream: str, subject: str) -> int | None:
    """Its place on the stream; None when another was faster."""
    earlier = 0
    with suppress(NotFoundError):
        last = await jetstream.get_last_msg(stream, subject)
        if last.time and last.time > now() - CLAIM:
            return None
        earlier = last.seq or 0
    expected = {Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: str(earlier)}
    try:
        return (await jetstream.publish(subject, b"", headers=expected)).seq
    except BadRequestError as error:
        if error.err_code != IS_OTHERWISE:
            raise
        return None
