"""A person's diary."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from gateway.schemas.fields import (
    LARGEST_INT,
    Clean,
    Count,
    Cursor,
    Moment,
    Schema,
    refuse_null,
)
from gateway.schemas.media import MediaBase
from gateway.schemas.wire import moment, present, timestamp
from tastebuds.catalog.v1 import library_pb2
from tastebuds.catalog.v1 import library_service_pb2 as pb

LogType = Literal["started", "progress", "finished", "note", "goal"]
LOG_TYPES: "dict[LogType, library_pb2.LogType.ValueType]" = {
    "started": library_pb2.LOG_TYPE_STARTED,
    "progress": library_pb2.LOG_TYPE_PROGRESS,
    "finished": library_pb2.LOG_TYPE_FINISHED,
    "note": library_pb2.LOG_TYPE_NOTE,
    "goal": library_pb2.LOG_TYPE_GOAL,
}
LOG_TYPE_NAMES: dict[int, LogType] = {number: name for name, number in LOG_TYPES.items()}

Notes = Annotated[str, StringConstraints(max_length=2000), Clean]
Percent = Annotated[int, Field(ge=0, le=100)]
Target = Annotated[str, StringConstraints(max_length=255), Clean]


class LogFilter(Schema):
    media_item_id: UUID | None = None
    """Only entries about this work."""
    log_type: LogType | None = None
    """Only entries of this type."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    """Most entries in one answer."""
    offset: Annotated[int, Field(ge=0, le=LARGEST_INT)] = 0
    """Entries to pass over, for clients that count; the cursor wins."""
    cursor: Cursor = ""

    def to_wire(self) -> pb.ListLogsRequest:
        return pb.ListLogsRequest(
            media_item_id=str(self.media_item_id or ""),
            log_type=_to_wire(self.log_type),
            page_size=self.limit,
            offset=self.offset,
            page_token=self.cursor,
        )


class Log(Schema):
    """An entry of your diary."""

    id: str
    user_id: str
    media_item_id: str
    log_type: LogType
    notes: Annotated[str | None, Field(examples=["S01E03 · Low Water"])]
    minutes_spent: int | None
    progress_percent: int | None
    goal_target: str | None
    goal_due_on: Annotated[str | None, Field(examples=["2026-12-31"])]
    logged_at: datetime
    """When it happened."""
    created_at: datetime
    updated_at: datetime
    media_item: MediaBase | None

    @classmethod
    def of(cls, log: library_pb2.UserLog) -> Self:
        return cls(
            id=log.id,
            user_id=log.user_id,
            media_item_id=log.media_item_id,
            log_type=LOG_TYPE_NAMES[log.log_type],
            notes=present(log, "notes"),
            minutes_spent=present(log, "minutes_spent"),
            progress_percent=present(log, "progress_percent"),
            goal_target=present(log, "goal_target"),
            goal_due_on=present(log, "goal_due_on"),
            logged_at=moment(log.logged_at),
            created_at=moment(log.created_at),
            updated_at=moment(log.updated_at),
            media_item=MediaBase.of(log.media_item) if log.HasField("media_item") else None,
        )


class LogEntry(Schema):
    """What an entry of any type may say."""

    notes: Annotated[Notes | None, Field(examples=["S01E03 · Low Water"])] = None
    minutes_spent: Count | None = None
    progress_percent: Percent | None = None
    goal_target: Target | None = None
    goal_due_on: date | None = None

    def to_entry(self, log_type: LogType | None, logged_at: datetime | None) -> pb.LogEntry:
        return pb.LogEntry(
            log_type=_to_wire(log_type),
            notes=self.notes,
            minutes_spent=self.minutes_spent,
            progress_percent=self.progress_percent,
            goal_target=self.goal_target,
            goal_due_on=self.goal_due_on.isoformat() if self.goal_due_on else None,
            logged_at=timestamp(logged_at),
        )


class NewLog(LogEntry):
    media_item_id: UUID
    """Of a work, or of a preview: then the work that it shows is brought into the catalogue."""
    log_type: LogType
    logged_at: Moment | None = None
    """When it happened; left out: now."""

    def to_wire(self, media_item_id: str, idempotency_key: str) -> pb.CreateLogRequest:
        return pb.CreateLogRequest(
            media_item_id=media_item_id,
            entry=self.to_entry(self.log_type, self.logged_at),
            idempotency_key=idempotency_key,
        )


class LogChange(LogEntry):
    """Members left out stay as they are; null clears those that can be empty."""

    log_type: LogType | None = None
    logged_at: Moment | None = None

    @model_validator(mode="after")
    def _keeps_what_cannot_be_empty(self) -> Self:
        refuse_null(self, "log_type", "logged_at")
        return self

    def to_wire(self, log_id: UUID) -> pb.UpdateLogRequest:
        return pb.UpdateLogRequest(
            log_id=str(log_id),
            entry=self.to_entry(self.log_type, self.logged_at),
            changed=sorted(self.model_fields_set),
        )


def _to_wire(log_type: LogType | None) -> "library_pb2.LogType.ValueType":
    return LOG_TYPES[log_type] if log_type else library_pb2.LOG_TYPE_UNSPECIFIED
