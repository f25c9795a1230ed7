"""The room of jobs behind its door, its lanes worked by hand: tests decide what comes when."""

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update

from common.access import services_of
from common.db import now, statements_total
from common.jobs import ATTEMPT, Delivery, Lane, TryLater
from ingest.clients.catalog import CatalogClient
from ingest.jobs import service
from ingest.jobs.consumers import DueItems
from ingest.jobs.servicer import JobServicer
from ingest.models import IngestJobItem, Outbox
from ingest.service import Allowances
from ingest.servicer import IngestServicer
from tastebuds.catalog.v1 import media_service_pb2
from tastebuds.catalog.v1.media_service_pb2_grpc import add_MediaServiceServicer_to_server
from tastebuds.ingest.v1 import ingest_service_pb2 as ingest_pb
from tastebuds.ingest.v1 import job_service_pb2 as pb
from tastebuds.ingest.v1.ingest_service_pb2_grpc import (
    IngestServiceStub,
    add_IngestServiceServicer_to_server,
)
from tastebuds.ingest.v1.job_service_pb2_grpc import (
    JobServiceStub,
    add_JobServiceServicer_to_server,
)
from tastebuds.ingest.v1.work_pb2 import IngestItemDue

from .upstream_stub import connected

SERVICES = services_of(ingest_pb.DESCRIPTOR, pb.DESCRIPTOR)
LANE = Lane("tmdb", most_attempts=4)
MOVIE = {"title": "Tidewatch", "release_date": "2011-03-04"}
MOST_UNFINISHED = 3
DEFERRED_AFTER = 1.0


def film(number):
    return pb.WantedMedia(source="tmdb", external_id=f"movie:{number}")


@dataclass
class Sent:
    """A message that left through the outbox, as its lane gets it."""

    lane: str
    body: Any
    message_id: UUID
    attempt: int = 1

    def delivery(self, lane=LANE):
        return Delivery(lane, self.message_id, self.attempt)

    def again(self):
        return Sent(self.lane, self.body, self.message_id, self.attempt + 1)


@dataclass
class Desk:
    """One person's, unless another `user_id` is given."""

    jobs: JobServiceStub
    ingests: IngestServiceStub
    due: DueItems
    people: Any
    user_id: UUID

    async def call(self, rpc, request, user_id=None):
        metadata = self.people.metadata(user_id or self.user_id)
        return await rpc(request, metadata=metadata, timeout=30)

    async def start(self, *items, key="", user_id=None):
        request = pb.StartJobRequest(items=items, idempotency_key=key)
        return (await self.call(self.jobs.StartJob, request, user_id)).job

    async def get(self, job_id, since=0, user_id=None):
        request = pb.GetJobRequest(job_id=job_id, since_version=since)
        return await self.call(self.jobs.GetJob, request, user_id)

    async def job(self, job_id):
        return (await self.get(job_id)).job

    async def items(self, job_id, since=0):
        return list((await self.get(job_id, since)).items)

    async def cancel(self, job_id, user_id=None):
        request = pb.CancelJobRequest(job_id=job_id)
        return (await self.call(self.jobs.CancelJob, request, user_id)).job

    async def retry(self, job_id, user_id=None):
        request = pb.RetryJobRequest(job_id=job_id)
        return (await self.call(self.jobs.RetryJob, request, user_id)).job

    async def page(self, **fields):
        return await self.call(self.jobs.ListJobs, pb.ListJobsRequest(**fields))

    async def ingest(self, source, external_id, **fields):
        request = ingest_pb.IngestMediaRequest(source=source, external_id=external_id, **fields)
        return await self.call(self.ingests.IngestMedia, request)

    async def sent(self):
        """Work that left since the last time."""
        return [
            Sent(
                row.subject.split(".")[2],
                IngestItemDue.FromString(row.payload),
                row.message_id,
                int(row.headers[ATTEMPT]),
            )
            for row in await self._left("job.%")
        ]

    async def said(self):
        """Names of the events since the last time."""
        return [row.subject.split(".")[-1] for row in await self._left("tastebuds.%")]

    async def _left(self, subjects):
        statement = delete(Outbox).where(Outbox.subject.like(subjects)).returning(Outbox)
        async with self.due.database.sessions.begin() as session:
            return sorted(await session.scalars(statement), key=lambda row: row.id)

    async def take(self, sent, lane=LANE):
        """None when the message has nothing more to do, else how it waits."""
        try:
            await self.due.take(sent.body, sent.delivery(lane))
        except TryLater as later:
            return later
        return None

    async def take_all(self):
        return [await self.take(sent) for sent in await self.sent()]

    async def pass_the_wait(self):
        """The next tries of everything that waits are due."""
        past = now() - timedelta(seconds=1)
        waits = IngestJobItem.next_try_at.is_not(None)
        async with self.due.database.sessions.begin() as session:
            await session.execute(update(IngestJobItem).where(waits).values(next_try_at=past))

    async def pass_an_hour(self):
        """For everything: messages were made an hour earlier, and next tries were due then."""
        hour = timedelta(hours=1, seconds=1)
        milliseconds = hour // timedelta(milliseconds=1)
        async with self.due.database.sessions.begin() as session:
            for item in await session.scalars(select(IngestJobItem)):
                item.message_id = UUID(int=item.message_id.int - (milliseconds << 80))
                item.next_try_at = item.next_try_at and item.next_try_at - hour

    async def send_forgotten(self, limit=100):
        async with self.due.database.sessions.begin() as session:
            return await service.send_forgotten(session, limit)

    async def rows(self, model):
        async with self.due.database.sessions() as session:
            return (await session.scalars(select(model))).all()


@asynccontextmanager
async def open_desk(serve, people, database, upstream, catalogue, *, per_minute=600, **sources):
    """A desk with three unfinished jobs at most, who defers after a second; Last.fm is off."""
    media = services_of(media_service_pb2.DESCRIPTOR)
    add_catalogue = partial(add_MediaServiceServicer_to_server, catalogue)
    async with (
        serve("catalog", media, add_catalogue) as connect_catalog,
        connected(upstream, lastfm_key=None, **sources) as connectors,
    ):
        catalog, allowances = (
            CatalogClient(connect_catalog("ingest")),
            Allowances(database, per_minute),
        )
        known = (connectors, catalog, allowances)

        def add(server):
            jobs = JobServicer(database, connectors, MOST_UNFINISHED)
            add_JobServiceServicer_to_server(jobs, server)
            ingests = IngestServicer(*known, database, MOST_UNFINISHED, DEFERRED_AFTER)
            add_IngestServiceServicer_to_server(ingests, server)

        async with serve("ingest", SERVICES, add) as connect:
            channel = connect("gateway")
            yield Desk(
                JobServiceStub(channel),
                IngestServiceStub(channel),
                DueItems(database, *known),
                people,
                uuid4(),
            )


class Counted:
    """`with Counted() as statements`: `statements()` is how many SQL statements were sent."""

    def __enter__(self):
        before = statements_total._value.get()
        return lambda: statements_total._value.get() - before

    def __exit__(self, *_):
        pass
