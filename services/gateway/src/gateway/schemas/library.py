"""A person's library: what they have a state or a log of."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import Query
from pydantic import Field, StringConstraints

from gateway.schemas.fields import Clean, Cursor, LongLimit, Schema
from gateway.schemas.logs import Log
from gateway.schemas.media import TO_WIRE, MediaBase, MediaType
from gateway.schemas.states import STATUSES, State, Status
from gateway.schemas.wire import present_moment
from tastebuds.catalog.v1 import library_service_pb2 as pb


class LibraryFilter(Schema):
    status: Annotated[list[Status], Query(default_factory=list, max_length=len(STATUSES))]
    """Repeatable; left out: all, and what has only logs."""
    type: Annotated[list[MediaType], Query(default_factory=list, max_length=len(TO_WIRE))]
    """Repeatable; left out: all."""
    favorite: bool | None = None
    """Only favourites, or only what is none."""
    tag: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64), Clean, Query()] = (
        ""
    )
    """The name of a tag, your own or a shared one."""
    limit: LongLimit = 500
    cursor: Cursor = ""

    def to_wire(self) -> pb.GetLibraryRequest:
        return pb.GetLibraryRequest(
            page_size=self.limit,
            page_token=self.cursor,
            statuses=[STATUSES[status] for status in self.status],
            media_types=[TO_WIRE[kind] for kind in self.type],
            favorite=self.favorite,
            tag=self.tag,
        )


class LibrarySummary(Schema):
    total: int
    """Works with a state or a log; the others count states."""
    consumed: int
    currently_consuming: int
    want_to_consume: int
    paused: int
    dropped: int

    @classmethod
    def of(cls, summary: pb.LibrarySummary) -> Self:
        return cls(
            total=summary.total,
            consumed=summary.consumed,
            currently_consuming=summary.currently_consuming,
            want_to_consume=summary.want_to_consume,
            paused=summary.paused,
            dropped=summary.dropped,
        )


class LibraryItem(Schema):
    media_item: MediaBase
    state: State | None
    last_log: Log | None
    """Its `media_item` is null: it is the one beside it."""
    log_count: int
    last_activity_at: datetime | None

    @classmethod
    def of(cls, item: pb.LibraryItem) -> Self:
        return cls(
            media_item=MediaBase.of(item.media_item),
            state=State.of(item.state) if item.HasField("state") else None,
            last_log=Log.of(item.last_log) if item.HasField("last_log") else None,
            log_count=item.log_count,
            last_activity_at=present_moment(item, "last_activity_at"),
        )


class Library(Schema):
    summary: LibrarySummary
    """Of the whole library, whatever the filter."""
    items: list[LibraryItem]
    """Last touched first."""
    next_up: list[LibraryItem]
    """What to go on with or to begin, at most 6; only on the first page."""

    @classmethod
    def of(cls, reply: pb.GetLibraryResponse) -> Self:
        return cls(
            summary=LibrarySummary.of(reply.summary),
            items=[LibraryItem.of(item) for item in reply.items],
            next_up=[LibraryItem.of(item) for item in reply.next_up],
        )


class Undone(Schema):
    undone: Annotated[str, Field(examples=["the state of Tidewatch"])]
    """What was taken back."""
    media_item_id: str
    state: State | None
    """As it is now."""

    @classmethod
    def of(cls, reply: pb.UndoLastChangeResponse) -> Self:
        return cls(
            undone=reply.undone,
            media_item_id=reply.media_item_id,
            state=State.of(reply.state) if reply.HasField("state") else None,
        )
