"""Webhooks that are due, in the lane of those that just came and in the lanes of the sources."""

from dataclasses import dataclass

from common.jobs import Delivery, Job, Jobs
from common.requests import parse_id
from ingest.door.rush import Rush
from ingest.webhooks.events import LANE
from ingest.webhooks.service import Desk
from tastebuds.ingest.v1.work_pb2 import WebhookReceived


@dataclass(frozen=True, slots=True)
class WebhookJobs:
    """The same message may come any number of times; an event that is decided is left alone."""

    desk: Desk
    rush: Rush

    @property
    def jobs(self) -> Jobs:
        return {WebhookReceived: Job(self.take, self.give_up)}

    async def take(self, message: WebhookReceived, delivery: Delivery) -> None:
        event_id = parse_id("webhook_event_id", message.webhook_event_id)
        if delivery.lane.name == LANE:  # in those of the sources nothing pours
            await self.rush.give_way()
        await self.desk.deal_with(event_id, delivery)

    async def give_up(self, message: WebhookReceived, _: Delivery, __: str) -> None:
        """The error's words are for the dead letter: there may be anything in them."""
        await self.desk.give_up(parse_id("webhook_event_id", message.webhook_event_id))
