"""The work that a webhook makes."""

from uuid import UUID

from ingest.models import Outbox
from tastebuds.ingest.v1.work_pb2 import WebhookReceived

LANE = "webhooks"


def webhook_received(webhook_event_id: UUID) -> Outbox:
    message = WebhookReceived(webhook_event_id=str(webhook_event_id))
    return Outbox.job("ingest", LANE, message)
