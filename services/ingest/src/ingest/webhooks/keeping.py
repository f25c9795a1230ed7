"""What is kept and shown of a body once it has been read: what it says, without secrets."""

from collections.abc import Mapping

import orjson

from ingest.drafts import Json
from ingest.webhooks.documents import open_document
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.records import JSON, Kept
from ingest.webhooks.redaction import redact

TOO_LARGE = "the body is larger than is kept"


def of_document(document: Mapping[str, Json]) -> Kept:
    return Kept(orjson.dumps(redact(document)), JSON)


def of_body(body: bytes | None, content_type: str) -> Kept:
    """What cannot be read is as it came for good: where its secrets are, nobody can tell."""
    if body is None:
        return Kept(None, content_type)
    try:
        return of_document(open_document(body, content_type))
    except Unreadable:
        return Kept(body, content_type)


def limited(kept: Kept, most_bytes: int) -> Kept:
    """Whole or not at all: cut in two it would be of no use."""
    if kept.body is not None and len(kept.body) > most_bytes:
        return Kept(None, kept.content_type, TOO_LARGE)
    return kept
