"""Between the wire and what the use cases take and give."""

from typing import Any

from common import pages
from common.requests import TooMany, current_caller, parse_id
from common.timestamps import timestamp
from ingest.connectors import Connectors, identifier
from ingest.inbox.choices import Choice, OwnEvent, Wanted
from ingest.inbox.errors import WorkRequired
from ingest.inbox.repository import Entry
from ingest.webhooks import keeping
from ingest.webhooks.history import Attempt
from ingest.webhooks.states import EventState
from tastebuds.ingest.v1 import inbox_service_pb2 as pb

USUAL_PAGE = 50
LARGEST_PAGE = 100
MOST_SENDERS = 50

STATES = {
    state: pb.WebhookEventState.Value(f"WEBHOOK_EVENT_STATE_{state.name}") for state in EventState
}
BY_NUMBER = {int(number): state for state, number in STATES.items()}


def own_event(webhook_event_id: str) -> OwnEvent:
    return OwnEvent(parse_id("webhook_event_id", webhook_event_id), current_caller().user_id)


def to_wanted(request: pb.ListWebhookEventsRequest) -> Wanted:
    if len(request.senders) > MOST_SENDERS:
        raise TooMany("senders", MOST_SENDERS)
    after = pages.read_token(request.page_token)
    given = request.integration_id
    return Wanted(
        user_id=current_caller().user_id,
        # What nobody knows has no events; a NUL cannot even be asked for.
        states=[BY_NUMBER.get(number, "") for number in set(request.states)],
        senders=["" if "\0" in sender else sender for sender in request.senders],
        integration_id=parse_id("integration_id", given) if given else None,
        before=after.id if after else None,
        page_size=pages.page_size(request.page_size, usual=USUAL_PAGE, largest=LARGEST_PAGE),
    )


def to_choice(request: pb.ResolveWebhookEventRequest, connectors: Connectors) -> Choice:
    """The id as its source writes it. Raises UnknownSource, SourceOff, UnusableIdentifier."""
    if bool(request.media_item_id) is bool(request.source or request.external_id):
        raise WorkRequired
    if request.media_item_id:
        return Choice(media_item_id=parse_id("media_item_id", request.media_item_id))
    connector = connectors.pick(request.source)
    external_id = identifier(connector, request.external_id, None)
    return Choice(source=connector.source, external_id=external_id)


def from_entry(entry: Entry) -> pb.WebhookEvent:
    event, integration_name = entry
    times = {
        "received_at": event.received_at,
        "occurred_at": event.occurred_at,
        "decided_at": event.decided_at,
        "next_try_at": event.next_try_at,
    }
    return pb.WebhookEvent(
        id=str(event.id),
        integration_id=str(event.integration_id),
        integration_name=integration_name,
        sender=event.sender,
        state=STATES[EventState(event.state)],
        decision=event.decision,
        event_name=event.event_name,
        title=event.title,
        attempts=event.attempts,
        source=event.source,
        external_id=event.external_id,
        media_item_id=str(event.media_item_id or ""),
        duplicate_of=str(event.duplicate_of or ""),
        effects=event.effects,
        suggestions=map(_from_suggestion, event.suggestions),
        body_bytes=event.body_bytes,
        **{field: timestamp(at) for field, at in times.items() if at is not None},
    )


def from_whole(entry: Entry) -> pb.GetWebhookEventResponse:
    """Without secrets, also while nobody has decided and the body is kept as it came."""
    shown = keeping.of_body(entry.event.body, entry.event.content_type)
    return pb.GetWebhookEventResponse(
        event=from_entry(entry),
        body=shown.body or b"",
        content_type=shown.content_type,
        address=entry.event.address or "",
        attempts=map(_from_attempt, map(Attempt.from_json, entry.event.history)),
    )


def _from_suggestion(suggestion: dict[str, Any]) -> pb.Suggestion:
    return pb.Suggestion(
        source=suggestion["source"],
        external_id=suggestion["external_id"],
        title=suggestion["title"],
        year=suggestion["year"] or 0,
    )


def _from_attempt(attempt: Attempt) -> pb.Attempt:
    return pb.Attempt(
        at=timestamp(attempt.at), state=STATES[attempt.state], decision=attempt.decision
    )
