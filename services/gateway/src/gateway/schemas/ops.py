"""How messages are doing, as administrators and older clients read it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from fastapi import Path, Query
from pydantic import Field, StringConstraints

from gateway.schemas.fields import Clean, Schema, StrictSchema
from gateway.schemas.wire import moment, present_moment
from tastebuds.ops.v1 import ops_service_pb2 as wire

Word = Annotated[str, StringConstraints(max_length=255), Clean]
Warnings = Annotated[
    list[str], Field(examples=[["catalog: The service does not answer right now."]])
]
ConsumerName = Annotated[Word, Path(examples=["ingest-tmdb"])]
StreamName = Annotated[
    Word, Query(description="Where a service has several consumers of one name.", examples=["JOBS"])
]
SweepName = Annotated[
    Word,
    Path(
        description="Of one service (`auth.sessions`), or of all that have one of the name.",
        examples=["auth.sessions"],
    ),
]


class ServiceName(StrEnum):
    AUTH = "auth"
    CATALOG = "catalog"
    INGEST = "ingest"
    MENUS = "menus"


class Outbox(Schema):
    waiting: int
    oldest_age_seconds: float


class Consumer(Schema):
    """A durable consumer, all replicas together."""

    stream: Annotated[str, Field(examples=["JOBS"])]
    name: Annotated[str, Field(examples=["ingest-tmdb"])]
    subjects: list[str]
    pending: int
    """Not yet delivered."""
    in_flight: int
    """Delivered, not yet acknowledged."""
    redelivered: int
    oldest_age_seconds: float
    """Of the oldest message not yet done; 0 when there is none."""
    done_last_minute: int
    done_last_hour: int
    failed_last_minute: int
    failed_last_hour: int
    last_error: str | None
    last_error_at: datetime | None
    paused_until: datetime | None

    @classmethod
    def of(cls, consumer: wire.Consumer) -> Self:
        return cls(
            stream=consumer.stream,
            name=consumer.name,
            subjects=list(consumer.subjects),
            pending=consumer.pending,
            in_flight=consumer.in_flight,
            redelivered=consumer.redelivered,
            oldest_age_seconds=consumer.oldest_age_seconds,
            done_last_minute=consumer.done_last_minute,
            done_last_hour=consumer.done_last_hour,
            failed_last_minute=consumer.failed_last_minute,
            failed_last_hour=consumer.failed_last_hour,
            last_error=consumer.last_error or None,
            last_error_at=present_moment(consumer, "last_error_at"),
            paused_until=present_moment(consumer, "paused_until"),
        )


class Schedule(Schema):
    """A sweep and when it is due."""

    name: str
    description: str
    cron: Annotated[str, Field(examples=["0 */10 * * * *"])]
    """Six fields, seconds first."""
    time_zone: str
    next_run_at: datetime | None
    last_started_at: datetime | None
    last_finished_at: datetime | None
    last_result: str | None
    """`ok`, or what went wrong; null until it first ran."""
    last_count: int
    """Rows or messages that it dealt with."""

    @classmethod
    def of(cls, schedule: wire.Schedule) -> Self:
        return cls(
            name=schedule.name,
            description=schedule.description,
            cron=schedule.cron,
            time_zone=schedule.time_zone,
            next_run_at=present_moment(schedule, "next_run_at"),
            last_started_at=present_moment(schedule, "last_started_at"),
            last_finished_at=present_moment(schedule, "last_finished_at"),
            last_result=schedule.last_result or None,
            last_count=schedule.last_count,
        )


class Replica(Schema):
    id: str
    host: str
    pid: int
    version: str
    since: datetime

    @classmethod
    def of(cls, replica: wire.Replica) -> Self:
        return cls(
            id=replica.id,
            host=replica.host,
            pid=replica.pid,
            version=replica.version,
            since=moment(replica.since),
        )


class ServiceReport(Schema):
    service: str
    outbox: Outbox | None
    consumers: list[Consumer]
    schedules: list[Schedule]
    dead_letters: int
    jobs_waiting: int
    """For their next try; no consumer counts them."""
    replicas: list[Replica]
    warnings: Warnings
    """What could not be found out, or should not be."""

    @classmethod
    def of(cls, reply: wire.GetQueuesResponse) -> Self:
        outbox = reply.outbox if reply.HasField("outbox") else None
        return cls(
            service=reply.service,
            outbox=Outbox(waiting=outbox.waiting, oldest_age_seconds=outbox.oldest_age_seconds)
            if outbox
            else None,
            consumers=[Consumer.of(consumer) for consumer in reply.consumers],
            schedules=[Schedule.of(schedule) for schedule in reply.schedules],
            dead_letters=reply.dead_letters,
            jobs_waiting=reply.jobs_waiting,
            replicas=[Replica.of(replica) for replica in reply.replicas],
            warnings=list(reply.warnings),
        )


class Queue(Schema):
    """A consumer in the words of older clients."""

    name: str
    size: int
    deferred: int = 0
    scheduled: int = 0
    started: int
    failed: int
    """In the last hour."""

    @classmethod
    def of(cls, consumer: Consumer) -> Self:
        return cls(
            name=consumer.name,
            size=consumer.pending,
            started=consumer.in_flight,
            failed=consumer.failed_last_hour,
        )


class Worker(Schema):
    """A replica in the words of older clients."""

    name: str
    state: Literal["busy", "idle"]
    queues: list[str]
    current_job_id: None = None

    @classmethod
    def of(cls, replica: Replica, report: ServiceReport) -> Self:
        is_busy = any(consumer.in_flight for consumer in report.consumers)
        return cls(
            name=f"{report.service}-{replica.pid}@{replica.host}",
            state="busy" if is_busy else "idle",
            queues=[consumer.name for consumer in report.consumers],
        )


class Scheduler(Schema):
    scheduled_jobs: int
    healthy: bool
    """Whether every sweep is known to be due and went well the last time."""


class QueueOverview(Schema):
    status: Literal["online", "degraded"]
    queues: list[Queue]
    workers: list[Worker]
    scheduler: Scheduler
    warnings: Warnings
    checked_at: datetime
    services: list[ServiceReport]

    @classmethod
    def of(cls, reports: Sequence[ServiceReport], absences: Sequence[str]) -> Self:
        """`absences` says in words which services did not answer."""
        schedules = [schedule for report in reports for schedule in report.schedules]
        healthy = not absences and all(
            schedule.next_run_at and schedule.last_result in (None, "ok") for schedule in schedules
        )
        warnings = list(absences)
        warnings += [f"{report.service}: {each}" for report in reports for each in report.warnings]
        return cls(
            status="online" if healthy and not warnings else "degraded",
            queues=[Queue.of(one) for report in reports for one in report.consumers],
            workers=[Worker.of(one, report) for report in reports for one in report.replicas],
            scheduler=Scheduler(scheduled_jobs=len(schedules), healthy=healthy),
            warnings=warnings,
            checked_at=datetime.now(UTC),
            services=list(reports),
        )


class Pause(StrictSchema):
    seconds: Annotated[int, Field(ge=1, le=86_400, examples=[600])]
    stream: Word = ""
    """Where a service has several consumers of one name."""


class Paused(Schema):
    paused_until: datetime


class SweepRun(Schema):
    started: Annotated[list[str], Field(examples=[["auth.sessions"]])]
    warnings: Warnings
    """Services that did not answer."""
