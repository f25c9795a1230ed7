"""A person's library: where they stand with works, and their diary."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import Query
from pydantic import Field

from gateway.schemas.fields import LARGEST_INT, LongText, Moment, Schema
from gateway.schemas.media import MediaBase
from gateway.schemas.wire import moment, present, present_moment, timestamp
from tastebuds.catalog.v1 import library_pb2
from tastebuds.catalog.v1.library_service_pb2 import ListLogsRequest, SetStateRequest

Status = Literal["consumed", "currently_consuming", "want_to_consume", "paused", "dropped"]
STATUSES: "dict[Status, library_pb2.ConsumptionStatus.ValueType]" = {
    "consumed": library_pb2.CONSUMPTION_STATUS_CONSUMED,
    "currently_consuming": library_pb2.CONSUMPTION_STATUS_CURRENTLY_CONSUMING,
    "want_to_consume": library_pb2.CONSUMPTION_STATUS_WANT_TO_CONSUME,
    "paused": library_pb2.CONSUMPTION_STATUS_PAUSED,
    "dropped": library_pb2.CONSUMPTION_STATUS_DROPPED,
}
STATUS_NAMES: dict[int, Status] = {number: name for name, number in STATUSES.items()}
LogType = Literal["started", "progress", "finished", "note", "goal"]
LOG_TYPES: "dict[LogType, library_pb2.LogType.ValueType]" = {
    "started": library_pb2.LOG_TYPE_STARTED,
    "progress": library_pb2.LOG_TYPE_PROGRESS,
    "finished": library_pb2.LOG_TYPE_FINISHED,
    "note": library_pb2.LOG_TYPE_NOTE,
    "goal": library_pb2.LOG_TYPE_GOAL,
}
LOG_TYPE_NAMES: dict[int, LogType] = {number: name for name, number in LOG_TYPES.items()}

StateLimit = Annotated[int, Query(ge=1, le=1000, description="Most entries in one answer.")]


class State(Schema):
    """Where you stand with a work."""

    id: str
    media_item_id: str
    user_id: str
    status: Status
    rating: Annotated[float | None, Field(examples=[8.5])]
    """0 to 10."""
    favorite: bool
    notes: str | None
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime

    @classmethod
    def of(cls, state: library_pb2.UserState) -> Self:
        return cls(
            id=state.id,
            media_item_id=state.media_item_id,
            user_id=state.user_id,
            status=STATUS_NAMES[state.status],
            rating=present(state, "rating"),
            favorite=state.favorite,
            notes=present(state, "notes"),
            started_at=present_moment(state, "started_at"),
            finished_at=present_moment(state, "finished_at"),
            updated_at=moment(state.updated_at),
        )


class NewState(Schema):
    """Replaces the whole state: what is left out is cleared."""

    status: Status
    rating: Annotated[float | None, Field(ge=0, le=10, examples=[8.5])] = None
    favorite: bool = False
    notes: LongText | None = None
    started_at: Moment | None = None
    finished_at: Moment | None = None

    def to_wire(self, media_id: UUID) -> SetStateRequest:
        return SetStateRequest(
            media_item_id=str(media_id),
            status=STATUSES[self.status],
            rating=self.rating,
            favorite=self.favorite,
            notes=self.notes,
            started_at=timestamp(self.started_at),
            finished_at=timestamp(self.finished_at),
        )


class LogFilter(Schema):
    media_item_id: UUID | None = None
    """Only entries about this work."""
    log_type: LogType | None = None
    """Only entries of this type."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    """Most entries in one answer."""
    offset: Annotated[int, Field(ge=0, le=LARGEST_INT)] = 0
    """Entries to pass over."""

    def to_wire(self) -> ListLogsRequest:
        return ListLogsRequest(
            media_item_id=str(self.media_item_id) if self.media_item_id else "",
            log_type=LOG_TYPES[self.log_type]
            if self.log_type
            else library_pb2.LOG_TYPE_UNSPECIFIED,
            page_size=self.limit,
            offset=self.offset,
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
