"""What was sent to you, what became of it and why."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from common.requests import onward
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.paging import offer_next
from gateway.schemas.inbox import Resolution, WantedEvents, WebhookEvent, WebhookEventDetail
from tastebuds.ingest.v1.inbox_service_pb2 import (
    AcceptUndoRequest,
    DismissWebhookEventRequest,
    GetWebhookEventRequest,
    ReplayWebhookEventRequest,
)

router = APIRouter(
    prefix="/api/integrations/inbox", tags=["integrations"], dependencies=[Depends(signed_in)]
)

FOUND = problems({404: "Webhook event not found"})


@router.get("", summary="List events")
async def list_webhook_events(
    request: Request, response: Response, api: Api, wanted: Annotated[WantedEvents, Query()]
) -> list[WebhookEvent]:
    """Newest first."""
    reply = await api.inbox.ListWebhookEvents(wanted.to_wire(), **onward())
    offer_next(request, response, reply.next_page_token)
    return [WebhookEvent.of(event) for event in reply.events]


@router.get("/{event_id}", summary="Read an event", responses=FOUND)
async def get_webhook_event(event_id: UUID, api: Api) -> WebhookEventDetail:
    """With its body and what was tried."""
    reply = await api.inbox.GetWebhookEvent(
        GetWebhookEventRequest(webhook_event_id=str(event_id)), **onward()
    )
    return WebhookEventDetail.of_reply(reply)


@router.post(
    "/{event_id}/resolve",
    summary="Say which work was meant",
    responses=FOUND
    | problems({409: "The event is about no work, or its body is not kept any more"}),
)
async def resolve_webhook_event(event_id: UUID, body: Resolution, api: Api) -> WebhookEvent:
    """What the integration does follows, for an event that is done as a correction.

    What was done for another work stays.
    """
    reply = await api.inbox.ResolveWebhookEvent(body.to_wire(event_id), **onward())
    return WebhookEvent.of(reply.event)


@router.post("/{event_id}/dismiss", summary="Dismiss an event", responses=FOUND)
async def dismiss_webhook_event(event_id: UUID, api: Api) -> WebhookEvent:
    """Nothing is to follow from it; what was done stays done."""
    reply = await api.inbox.DismissWebhookEvent(
        DismissWebhookEventRequest(webhook_event_id=str(event_id)), **onward()
    )
    return WebhookEvent.of(reply.event)


@router.post(
    "/{event_id}/replay",
    summary="Decide once more",
    responses=FOUND | problems({409: "The body is kept no more"}),
)
async def replay_webhook_event(event_id: UUID, api: Api) -> WebhookEvent:
    """As if it had just come; effects that it had are not repeated."""
    reply = await api.inbox.ReplayWebhookEvent(
        ReplayWebhookEventRequest(webhook_event_id=str(event_id)), **onward()
    )
    return WebhookEvent.of(reply.event)


@router.post(
    "/{event_id}/undo",
    summary="Take the undo that is offered",
    responses=FOUND | problems({409: "No undo is offered, or its body is not kept any more"}),
)
async def accept_undo(event_id: UUID, api: Api) -> WebhookEvent:
    """Of what was un-played at the sender: a consumed work is wanted again, an episode is only
    noted in the diary of its series; logs stay. What was played again since stays as well, and the
    event is dismissed with the reason."""
    reply = await api.inbox.AcceptUndo(
        AcceptUndoRequest(webhook_event_id=str(event_id)), **onward()
    )
    return WebhookEvent.of(reply.event)
