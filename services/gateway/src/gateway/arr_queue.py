"""What the earlier version's queue did, on top of the inbox."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from grpc.aio import AioRpcError

from common.errors import DomainError, Kind
from common.grpc_errors import from_rpc_error
from common.requests import onward
from gateway.clients import Clients
from gateway.schemas.arr_queue import SENDERS, STATES, IngestEvent
from gateway.schemas.inbox import TO_WIRE, WebhookEvent
from tastebuds.ingest.v1 import inbox_service_pb2 as wire

SHOWN = 50
# Between looks at an event on which nobody has decided yet: two seconds together.
PAUSES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.5)
# What pressing the button again does not mend.
REFUSALS = (Kind.INVALID, Kind.NOT_FOUND, Kind.PRECONDITION, Kind.CONFLICT)


class UnknownStatusFilter(DomainError):
    kind = Kind.INVALID
    reason = "UNKNOWN_STATUS_FILTER"

    def __init__(self) -> None:
        super().__init__(f"status_filter should be one of {', '.join(STATES)}.")


class IngestEventNotFound(DomainError):
    kind = Kind.NOT_FOUND
    reason = "INGEST_EVENT_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("Ingest event not found")


async def list_newest(api: Clients, status_filter: str) -> list[IngestEvent]:
    """Of one status, or of all."""
    wanted = [states for status, states in STATES.items() if status == status_filter]
    if status_filter and not wanted:
        raise UnknownStatusFilter
    request = wire.ListWebhookEventsRequest(
        states=[TO_WIRE[state] for states in wanted for state in states],
        senders=SENDERS,
        page_size=SHOWN,
    )
    reply = await api.inbox.ListWebhookEvents(request, **onward())
    return [_row(event) for event in reply.events]


async def ingest(api: Clients, event_id: UUID) -> IngestEvent:
    """As what is known of it or suggested first; what cannot be is answered, not raised."""
    event = await _read(api, event_id)
    row = _row(event)
    if row.status != "pending":
        return row
    try:
        event = await _decided(api, await _decide(api, event))
    except AioRpcError as error:
        refusal = from_rpc_error(error)
        if refusal is None or refusal.kind not in REFUSALS:
            raise
        return row.failed(refusal.message)
    row = _row(event)
    if event.state == wire.WEBHOOK_EVENT_STATE_NEEDS_MATCH:
        return row.failed(row.error)
    return row


async def dismiss(api: Clients, event_id: UUID) -> IngestEvent:
    await _read(api, event_id)
    async with _as_it_was_called():
        request = wire.DismissWebhookEventRequest(webhook_event_id=str(event_id))
        return _row((await api.inbox.DismissWebhookEvent(request, **onward())).event)


async def _read(api: Clients, event_id: UUID) -> wire.WebhookEvent:
    """Older clients know of no other senders."""
    async with _as_it_was_called():
        request = wire.GetWebhookEventRequest(webhook_event_id=str(event_id))
        event = (await api.inbox.GetWebhookEvent(request, **onward())).event
    if event.sender not in SENDERS:
        raise IngestEventNotFound
    return event


async def _decided(api: Clients, event: wire.WebhookEvent) -> wire.WebhookEvent:
    """As it is when somebody has decided, or when that takes too long to wait for."""
    for pause in PAUSES:
        if event.state != wire.WEBHOOK_EVENT_STATE_RECEIVED:
            break
        await asyncio.sleep(pause)
        event = await _read(api, UUID(event.id))
    return event


async def _decide(api: Clients, event: wire.WebhookEvent) -> wire.WebhookEvent:
    meant = wire.ResolveWebhookEventRequest(webhook_event_id=event.id)
    if event.media_item_id:
        meant.media_item_id = event.media_item_id
    elif event.source and event.external_id:
        meant.source, meant.external_id = event.source, event.external_id
    elif event.suggestions:
        best = event.suggestions[0]
        meant.source, meant.external_id = best.source, best.external_id
    else:
        replay = wire.ReplayWebhookEventRequest(webhook_event_id=event.id)
        return (await api.inbox.ReplayWebhookEvent(replay, **onward())).event
    return (await api.inbox.ResolveWebhookEvent(meant, **onward())).event


def _row(event: wire.WebhookEvent) -> IngestEvent:
    return IngestEvent.of(WebhookEvent.of(event))


@asynccontextmanager
async def _as_it_was_called() -> AsyncIterator[None]:
    """Older clients know these events, and their absence, by another name."""
    try:
        yield
    except AioRpcError as error:
        known = from_rpc_error(error)
        if known is None or known.kind is not Kind.NOT_FOUND:
            raise
        raise IngestEventNotFound from error
