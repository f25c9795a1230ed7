"""What was sent to a person, what became of it and why."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import Query
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from gateway.schemas.fields import Cursor, Limit, Schema, StrictSchema
from gateway.schemas.ingest import Identifier, SourceName
from gateway.schemas.wire import moment, present_moment, readable
from tastebuds.ingest.v1 import inbox_service_pb2 as wire

EventState = Literal[
    "received",
    "waiting",
    "needs_match",
    "done",
    "ignored",
    "duplicate",
    "test",
    "undo_offered",
    "failed",
    "dismissed",
]
TO_WIRE: dict[EventState, "wire.WebhookEventState.ValueType"] = {
    "received": wire.WEBHOOK_EVENT_STATE_RECEIVED,
    "waiting": wire.WEBHOOK_EVENT_STATE_WAITING,
    "needs_match": wire.WEBHOOK_EVENT_STATE_NEEDS_MATCH,
    "done": wire.WEBHOOK_EVENT_STATE_DONE,
    "ignored": wire.WEBHOOK_EVENT_STATE_IGNORED,
    "duplicate": wire.WEBHOOK_EVENT_STATE_DUPLICATE,
    "test": wire.WEBHOOK_EVENT_STATE_TEST,
    "undo_offered": wire.WEBHOOK_EVENT_STATE_UNDO_OFFERED,
    "failed": wire.WEBHOOK_EVENT_STATE_FAILED,
    "dismissed": wire.WEBHOOK_EVENT_STATE_DISMISSED,
}
FROM_WIRE: dict[int, EventState] = {number: state for state, number in TO_WIRE.items()}


class WantedEvents(Schema):
    state: Annotated[list[EventState], Query(default_factory=list, max_length=len(TO_WIRE))]
    """Repeatable; left out: all."""
    sender: Annotated[list[SourceName], Query(default_factory=list, max_length=20)]
    """Repeatable; left out: all."""
    integration_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor = ""

    def to_wire(self) -> wire.ListWebhookEventsRequest:
        return wire.ListWebhookEventsRequest(
            states=[TO_WIRE[state] for state in self.state],
            senders=self.sender,
            integration_id=str(self.integration_id or ""),
            page_size=self.limit,
            page_token=self.cursor,
        )


class Suggestion(Schema):
    source: Annotated[str, Field(examples=["tmdb"])]
    external_id: Annotated[str, Field(examples=["movie:603"])]
    title: Annotated[str, Field(examples=["Tidewatch"])]
    year: int | None

    @classmethod
    def of(cls, suggestion: wire.Suggestion) -> Self:
        return cls(
            source=suggestion.source,
            external_id=suggestion.external_id,
            title=suggestion.title,
            year=suggestion.year or None,
        )


class WebhookEvent(Schema):
    id: str
    integration_id: str
    integration_name: Annotated[str, Field(examples=["living room"])]
    sender: Annotated[str, Field(examples=["radarr"])]
    """Whose shape the body has."""
    state: EventState
    decision: Annotated[str | None, Field(examples=["matched by tvdb 400001 → tmdb tv:210001"])]
    """Why it is in that state."""
    event_name: Annotated[str | None, Field(examples=["media.scrobble"])]
    title: str | None
    received_at: datetime
    occurred_at: datetime | None
    """The event's own time."""
    decided_at: datetime | None
    attempts: int
    next_try_at: datetime | None
    source: str | None
    external_id: str | None
    media_item_id: str | None
    duplicate_of: str | None
    """The event that this one repeats."""
    effects: Annotated[list[str], Field(examples=[["consumed"]])]
    """What was done, in words."""
    suggestions: list[Suggestion]
    """Works that may be meant, best first."""
    body_bytes: int

    @classmethod
    def of(cls, event: wire.WebhookEvent, **more: Any) -> Self:
        return cls(
            id=event.id,
            integration_id=event.integration_id,
            integration_name=event.integration_name,
            sender=event.sender,
            state=FROM_WIRE.get(event.state, "waiting"),
            decision=event.decision or None,
            event_name=event.event_name or None,
            title=event.title or None,
            received_at=moment(event.received_at),
            occurred_at=present_moment(event, "occurred_at"),
            decided_at=present_moment(event, "decided_at"),
            attempts=event.attempts,
            next_try_at=present_moment(event, "next_try_at"),
            source=event.source or None,
            external_id=event.external_id or None,
            media_item_id=event.media_item_id or None,
            duplicate_of=event.duplicate_of or None,
            effects=list(event.effects),
            suggestions=[Suggestion.of(one) for one in event.suggestions],
            body_bytes=event.body_bytes,
            **more,
        )


class Attempt(Schema):
    at: datetime
    state: EventState
    decision: str | None

    @classmethod
    def of(cls, attempt: wire.Attempt) -> Self:
        return cls(
            at=moment(attempt.at),
            state=FROM_WIRE.get(attempt.state, "waiting"),
            decision=attempt.decision or None,
        )


class WebhookEventDetail(WebhookEvent):
    body: Any
    """As it came, secrets redacted: a JSON value, or text; null once it is kept no more."""
    content_type: str | None
    address: str | None
    """Where it came from."""
    history: list[Attempt]
    """What was decided when, oldest first."""

    @classmethod
    def of_reply(cls, reply: wire.GetWebhookEventResponse) -> Self:
        return cls.of(
            reply.event,
            body=readable(reply.body),
            content_type=reply.content_type or None,
            address=reply.address or None,
            history=[Attempt.of(attempt) for attempt in reply.attempts],
        )


class Resolution(StrictSchema):
    """Which work was meant: one of the catalogue, or an id at a source."""

    media_item_id: UUID | None = None
    source: Annotated[SourceName | None, Field(examples=["tmdb"])] = None
    external_id: Annotated[Identifier | None, Field(examples=["tv:1399"])] = None

    @model_validator(mode="after")
    def _names_one_work(self) -> Self:
        at_source = bool(self.source and self.external_id)
        if (self.media_item_id is None) is not at_source:
            raise PydanticCustomError(
                "one_work", "Either media_item_id or source and external_id should be given"
            )
        return self

    def to_wire(self, webhook_event_id: UUID) -> wire.ResolveWebhookEventRequest:
        return wire.ResolveWebhookEventRequest(
            webhook_event_id=str(webhook_event_id),
            media_item_id=str(self.media_item_id or ""),
            source=self.source or "",
            external_id=self.external_id or "",
        )
