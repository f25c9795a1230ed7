"""The queue that clients of the earlier version read: the inbox of the four *arr apps."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import Field, StringConstraints

from gateway.schemas.fields import Clean, Schema
from gateway.schemas.inbox import EventState
from gateway.schemas.inbox import WebhookEvent as Event

SENDERS = ("arr", "radarr", "sonarr", "lidarr", "readarr")
Status = Literal["pending", "ingested", "skipped", "failed"]
STATES: dict[Status, tuple[EventState, ...]] = {
    "pending": ("received", "waiting", "needs_match"),
    "ingested": ("done",),
    "skipped": ("ignored", "duplicate", "test", "dismissed", "undo_offered"),
    "failed": ("failed",),
}
STATUS_OF = {state: status for status, states in STATES.items() for state in states}

# Whose decision is no reason why something was not done.
UNTOLD: tuple[EventState, ...] = ("received", "done")

StatusFilter = Annotated[
    str,
    StringConstraints(max_length=64),
    Clean,
    Query(description="pending, ingested, skipped or failed; left out: all."),
]


class IngestEvent(Schema):
    id: str
    provider: Literal["arr"] = "arr"
    event_type: Annotated[str | None, Field(examples=["Download"])]
    source_name: Annotated[str | None, Field(examples=["tmdb"])]
    source_id: Annotated[str | None, Field(examples=["movie:603"])]
    title: str | None
    status: Status
    error: str | None
    """Why it is not ingested, or not yet."""
    media_item_id: str | None
    created_at: datetime
    processed_at: datetime | None

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(
            id=event.id,
            event_type=event.event_name,
            source_name=event.source,
            source_id=event.external_id,
            title=event.title,
            status=STATUS_OF[event.state],
            error=None if event.state in UNTOLD else event.decision,
            media_item_id=event.media_item_id,
            created_at=event.received_at,
            processed_at=event.decided_at,
        )

    def failed(self, error: str | None) -> Self:
        return self.model_copy(update={"status": "failed", "error": error})
