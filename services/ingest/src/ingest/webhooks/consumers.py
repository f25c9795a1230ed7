"""Webhooks that are due, in the lane of those that just came and in the lanes of the sources."""

from dataclasses import dataclass

from common.jobs import Delivery, Job, Jobs
from common.requests import parse_id
from ingest.webhooks.service import Desk
from tastebuds.ingest.v1.work_pb2 import WebhookReceived


@dataclass(frozen=True, slots=True)
class WebhookConsumer:
    desk: Desk

    async def on_webhook_received(self, message: WebhookReceived, delivery: Delivery) -> None:
        event_id = parse_id("webhook_event_id", message.webhook_event_id)
        await self.desk.deal_with(event_id, delivery)

    async def on_given_up(self, message: WebhookReceived, _: Delivery, error: str) -> None:
        event_id = parse_id("webhook_event_id", message.webhook_event_id)
        await self.desk.give_up(event_id, error)

    def jobs(self) -> Jobs:
        return {WebhookReceived: Job(self.on_webhook_received, self.on_given_up)}
