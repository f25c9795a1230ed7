"""Jobs: works that are brought in while nobody waits for the answer."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import Header, Query
from pydantic import Field

from gateway.schemas.fields import Schema, StrictSchema
from gateway.schemas.ingest import Identifier, PageAddress, SourceName
from gateway.schemas.wire import moment, present_moment
from tastebuds.ingest.v1 import job_pb2, job_service_pb2

MOST_WANTED = 500
LARGEST_VERSION = 2**63 - 1

JobState = Literal["queued", "running", "waiting", "succeeded", "partial", "failed", "cancelled"]
JOB_STATES: dict[int, JobState] = {
    job_pb2.JOB_STATE_QUEUED: "queued",
    job_pb2.JOB_STATE_RUNNING: "running",
    job_pb2.JOB_STATE_WAITING: "waiting",
    job_pb2.JOB_STATE_SUCCEEDED: "succeeded",
    job_pb2.JOB_STATE_PARTIAL: "partial",
    job_pb2.JOB_STATE_FAILED: "failed",
    job_pb2.JOB_STATE_CANCELLED: "cancelled",
}
ItemState = Literal["queued", "waiting", "done", "failed", "cancelled"]
ITEM_STATES: dict[int, ItemState] = {
    job_pb2.JOB_ITEM_STATE_QUEUED: "queued",
    job_pb2.JOB_ITEM_STATE_WAITING: "waiting",
    job_pb2.JOB_ITEM_STATE_DONE: "done",
    job_pb2.JOB_ITEM_STATE_FAILED: "failed",
    job_pb2.JOB_ITEM_STATE_CANCELLED: "cancelled",
}

Version = Annotated[int, Field(ge=0, le=LARGEST_VERSION)]
LastEventId = Annotated[
    Version,
    Header(
        alias="Last-Event-ID",
        description="The `id` of the last event that arrived; what came after it follows.",
    ),
]
LastEventIdInAddress = Annotated[
    Version,
    Query(alias="last_event_id", description="As the header, for clients that cannot set one."),
]


class WantedMedia(StrictSchema):
    source: Annotated[SourceName, Field(examples=["tmdb"])]
    external_id: Annotated[Identifier | None, Field(examples=["movie:603"])] = None
    """Wins over the address when both are given."""
    url: PageAddress | None = None
    """The address of the work's page at the source."""
    force_refresh: bool = False
    """Ask the source again and overwrite what is known."""

    def to_wire(self) -> job_service_pb2.WantedMedia:
        return job_service_pb2.WantedMedia(**self.model_dump())


class Batch(StrictSchema):
    items: Annotated[list[WantedMedia], Field(min_length=1, max_length=MOST_WANTED)]
    """Of any sources."""


class JobItem(Schema):
    id: str
    position: int
    """Its place in the request, from 0."""
    source: Annotated[str, Field(examples=["tmdb"])]
    external_id: Annotated[str, Field(examples=["movie:603"])]
    state: ItemState
    attempts: int
    next_try_at: datetime | None
    last_error: str | None
    media_item_id: str | None
    """The work, once it is there."""

    @classmethod
    def of(cls, item: job_pb2.JobItem) -> Self:
        return cls(
            id=item.id,
            position=item.position,
            source=item.source,
            external_id=item.external_id,
            state=ITEM_STATES.get(item.state, "queued"),
            attempts=item.attempts,
            next_try_at=present_moment(item, "next_try_at"),
            last_error=item.last_error or None,
            media_item_id=item.media_item_id or None,
        )


class Job(Schema):
    id: str
    state: JobState
    """`succeeded`, `partial`, `failed` and `cancelled` are the end of it."""
    total: int
    done: int
    failed: int
    cancelled: int
    attempts: int
    """The most tries that one of its items has had."""
    next_try_at: datetime | None
    """When something that waits is tried again."""
    last_error: str | None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    version: int
    """Grows with every change."""

    @classmethod
    def of(cls, job: job_pb2.Job, **more: Any) -> Self:
        return cls(
            id=job.id,
            state=JOB_STATES.get(job.state, "running"),
            total=job.total,
            done=job.done,
            failed=job.failed,
            cancelled=job.cancelled,
            attempts=job.attempts,
            next_try_at=present_moment(job, "next_try_at"),
            last_error=job.last_error or None,
            created_at=moment(job.created_at),
            updated_at=moment(job.updated_at),
            finished_at=present_moment(job, "finished_at"),
            version=job.version,
            **more,
        )


class JobWithItems(Job):
    items: list[JobItem]
    """In the order of the request."""

    @classmethod
    def with_items(cls, job: job_pb2.Job, items: Iterable[job_pb2.JobItem]) -> Self:
        return cls.of(job, items=[JobItem.of(item) for item in items])


class JobProgress(Schema):
    """The data of a server-sent event."""

    job: Job
    items: list[JobItem]
    """Those that changed since the event before; in the first one of a stream: all."""

    @classmethod
    def of(cls, job: job_pb2.Job, items: Iterable[job_pb2.JobItem]) -> Self:
        return cls(job=Job.of(job), items=[JobItem.of(item) for item in items])
