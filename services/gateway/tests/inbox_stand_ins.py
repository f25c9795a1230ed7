"""Ingest's inbox, as its contract says."""

from dataclasses import dataclass
from uuid import uuid4

from common.errors import Kind
from common.requests import current_caller
from tastebuds.ingest.v1 import inbox_service_pb2 as inbox_pb
from tastebuds.ingest.v1.inbox_service_pb2_grpc import InboxServiceServicer

from .stand_ins import CREATED, Fact, StandIn, not_found

DONE = inbox_pb.WEBHOOK_EVENT_STATE_DONE


@dataclass
class KeptEvent:
    owner_id: str
    event: inbox_pb.WebhookEvent
    body: bytes = b'{"eventType":"Download"}'


def keep_event(world, owner_id, state, body=b'{"eventType":"Download"}', **fields):
    event = inbox_pb.WebhookEvent(
        id=str(uuid4()), integration_id=str(uuid4()), integration_name="default", state=state,
        received_at=CREATED, body_bytes=len(body), **{"sender": "radarr"} | fields,
    )  # fmt: skip
    world.webhook_events[event.id] = KeptEvent(str(owner_id), event, body)
    return event


class Inbox(StandIn, InboxServiceServicer):
    async def ListWebhookEvents(self, request, context):
        self.world.called("ListWebhookEvents", request)
        events = [kept.event for kept in self.world.webhook_events.values()]
        if request.states:
            events = [event for event in events if event.state in request.states]
        return inbox_pb.ListWebhookEventsResponse(
            events=events, next_page_token="" if request.page_token else "older"
        )

    async def GetWebhookEvent(self, request, context):
        kept = self._mine(request)
        if kept.event.state == inbox_pb.WEBHOOK_EVENT_STATE_RECEIVED and self.world.decides:
            kept.event.state = self.world.decides
        tried = inbox_pb.Attempt(
            at=CREATED, state=inbox_pb.WEBHOOK_EVENT_STATE_WAITING, decision="tmdb is away"
        )
        return inbox_pb.GetWebhookEventResponse(
            event=kept.event, body=kept.body, content_type="application/json",
            address="192.0.2.7", attempts=[tried],
        )  # fmt: skip

    async def ResolveWebhookEvent(self, request, context):
        self.world.called("ResolveWebhookEvent", request)
        event = self._mine(request).event
        if request.source == "igdb":
            raise Fact(Kind.NOT_FOUND, "NOT_AT_SOURCE", "igdb has no item 7")
        event.media_item_id = request.media_item_id or str(uuid4())
        # As ingest does, which decides afterwards.
        decides = self.world.decides
        event.state = inbox_pb.WEBHOOK_EVENT_STATE_RECEIVED if decides else DONE
        return inbox_pb.ResolveWebhookEventResponse(event=event)

    async def DismissWebhookEvent(self, request, context):
        event = self._mine(request).event
        event.state = inbox_pb.WEBHOOK_EVENT_STATE_DISMISSED
        event.decision = "dismissed"
        return inbox_pb.DismissWebhookEventResponse(event=event)

    async def ReplayWebhookEvent(self, request, context):
        self.world.called("ReplayWebhookEvent", request)
        kept = self._mine(request)
        if not kept.body:
            raise Fact(Kind.PRECONDITION, "BODY_NOT_KEPT", "The body is kept no more.")
        kept.event.state = inbox_pb.WEBHOOK_EVENT_STATE_RECEIVED
        return inbox_pb.ReplayWebhookEventResponse(event=kept.event)

    async def AcceptUndo(self, request, context):
        event = self._mine(request).event
        if event.state != inbox_pb.WEBHOOK_EVENT_STATE_UNDO_OFFERED:
            raise Fact(Kind.PRECONDITION, "NOTHING_OFFERED", "No undo is offered.")
        event.state = inbox_pb.WEBHOOK_EVENT_STATE_DONE
        return inbox_pb.AcceptUndoResponse(event=event)

    def _mine(self, request):
        kept = self.world.webhook_events.get(request.webhook_event_id)
        if kept is None or kept.owner_id != str(current_caller().user_id):
            raise not_found("Webhook event")
        return kept
