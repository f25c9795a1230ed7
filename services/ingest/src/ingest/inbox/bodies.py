"""What the bodies of events say, as far as they are kept."""

from collections.abc import Mapping, Sequence

from ingest.inbox.errors import BodyNotKept
from ingest.models import WebhookEvent
from ingest.webhooks.documents import open_document
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.happenings import Happening, Part, Sender, What


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
