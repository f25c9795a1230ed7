"""Bodies as their person may see them, and what they say."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from ingest.inbox.errors import BodyNotKept
from ingest.models import WebhookEvent
from ingest.webhooks.documents import open_document
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.happenings import Happening, Part, Sender, What
from ingest.webhooks.records import JSON
from ingest.webhooks.redaction import redact


class Shown(NamedTuple):
    body: bytes | None
    content_type: str


def shown(event: WebhookEvent) -> Shown:
    """Without secrets, also while nobody has decided and it is kept as it came.

    What cannot be read is as it came for good: where its secrets are, nobody can tell.
    """
    if event.body is None:
        return Shown(None, event.content_type)
    try:
        document = open_document(event.body, event.content_type)
    except Unreadable:
        return Shown(event.body, event.content_type)
    return Shown(orjson.dumps(redact(document)), JSON)


def tells_of_work(event: WebhookEvent, senders: Mapping[str, Sender]) -> bool:
    """Whether a work can be chosen for it; of many in one delivery, each is an event of its own."""
    parts = _parts(event, senders)
    if len(parts) != 1:
        return False
    happening = parts[0].happening
    return happening.work is not None and happening.what not in {What.TEST, What.NOTHING}


def happening_of(event: WebhookEvent, senders: Mapping[str, Sender]) -> Happening:
    """Of an event that was read before, while its body is kept."""
    parts = _parts(event, senders)
    if not parts:
        raise BodyNotKept
    return parts[0].happening


def _parts(event: WebhookEvent, senders: Mapping[str, Sender]) -> Sequence[Part]:
    """None of what cannot be read."""
    if event.body is None:
        return []
    try:
        return senders[event.sender].read(open_document(event.body, event.content_type))
    except Unreadable:
        return []


def kept(event: WebhookEvent, most_bytes: int) -> Shown:
    """What stays of it once it is over: all of it or, beyond so many bytes, nothing."""
    body, content_type = shown(event)
    is_too_large = body is not None and len(body) > most_bytes
    return Shown(None if is_too_large else body, content_type)
