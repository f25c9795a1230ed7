"""Where a person stands with works."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from gateway.schemas.fields import LongText, Moment, Schema
from gateway.schemas.wire import moment, present, present_moment, timestamp
from tastebuds.catalog.v1 import library_pb2
from tastebuds.catalog.v1.library_service_pb2 import SetStateRequest

Status = Literal["consumed", "currently_consuming", "want_to_consume", "paused", "dropped"]
STATUSES: "dict[Status, library_pb2.ConsumptionStatus.ValueType]" = {
    "consumed": library_pb2.CONSUMPTION_STATUS_CONSUMED,
    "currently_consuming": library_pb2.CONSUMPTION_STATUS_CURRENTLY_CONSUMING,
    "want_to_consume": library_pb2.CONSUMPTION_STATUS_WANT_TO_CONSUME,
    "paused": library_pb2.CONSUMPTION_STATUS_PAUSED,
    "dropped": library_pb2.CONSUMPTION_STATUS_DROPPED,
}
STATUS_NAMES: dict[int, Status] = {number: name for name, number in STATUSES.items()}


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

    def to_wire(self, media_item_id: str) -> SetStateRequest:
        return SetStateRequest(
            media_item_id=media_item_id,
            status=STATUSES[self.status],
            rating=self.rating,
            favorite=self.favorite,
            notes=self.notes,
            started_at=timestamp(self.started_at),
            finished_at=timestamp(self.finished_at),
        )
