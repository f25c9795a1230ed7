"""What is kept of a body once it has been read: what it says, without secrets."""

from collections.abc import Mapping

import orjson

from ingest.drafts import Json
from ingest.webhooks.records import JSON, Event, Kept
from ingest.webhooks.redaction import redact

TOO_LARGE = "the body is larger than is kept"


def of_document(document: Mapping[str, Json], *, is_over: bool, most_bytes: int) -> Kept:
    """Whole for as long as something may follow from it; cut in two it would be of no use."""
    body = orjson.dumps(redact(document))
    if is_over and len(body) > most_bytes:
        return Kept(None, JSON, TOO_LARGE)
    return Kept(body, JSON)


def of_unreadable(event: Event, *, most_bytes: int) -> Kept:
    """As it came: whether there are secrets in it, nobody can tell."""
    if event.body is not None and len(event.body) > most_bytes:
        return Kept(None, event.content_type, TOO_LARGE)
    return Kept(event.body, event.content_type)
