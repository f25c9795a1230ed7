"""JobService: translate, open the transaction, call the use case."""

from dataclasses import dataclass
from typing import Any

from common import pages
from common.db import Database
from common.idempotency import Once
from common.pages import Mark
from common.requests import TooMany, current_caller, parse_id
from ingest.connectors import Connectors
from ingest.jobs import entries, service
from ingest.jobs.entries import Entry
from ingest.jobs.errors import NothingWanted
from ingest.jobs.messages import from_item, from_job, to_wanted
from ingest.jobs.views import OwnJob
from ingest.models import Idempotency
from tastebuds.ingest.v1 import job_service_pb2 as pb
from tastebuds.ingest.v1.job_service_pb2_grpc import JobServiceServicer

MOST_ITEMS = 500
USUAL_PAGE = 50
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class JobServicer(JobServiceServicer):
    database: Database
    connectors: Connectors
    most_unfinished: int

    async def StartJob(self, request: pb.StartJobRequest, context: Any) -> pb.StartJobResponse:
        user_id = current_caller().user_id
        works = self._read_works(request)
        async with self.database.sessions.begin() as session:

            async def write() -> pb.StartJobResponse:
                job = await service.start(
                    session, user_id=user_id, works=works, most_unfinished=self.most_unfinished
                )
                return pb.StartJobResponse(job=from_job(job))

            once = Once(user_id, request.idempotency_key, request)
            return await once.run(session, Idempotency, write, pb.StartJobResponse)

    async def ListJobs(self, request: pb.ListJobsRequest, context: Any) -> pb.ListJobsResponse:
        size = pages.page_size(request.page_size, usual=USUAL_PAGE, largest=LARGEST_PAGE)
        after = pages.read_token(request.page_token)
        async with self.database.readers() as session:
            page = await service.list_own(
                session,
                user_id=current_caller().user_id,
                page_size=size,
                before=after.id if after else None,
            )
        last = page.jobs[-1] if page.has_more else None
        return pb.ListJobsResponse(
            jobs=map(from_job, page.jobs),
            next_page_token=pages.write_token(Mark(last.created_at, last.id) if last else None),
        )

    async def GetJob(self, request: pb.GetJobRequest, context: Any) -> pb.GetJobResponse:
        own = _own(request.job_id)
        async with self.database.readers() as session:
            # In this order: what changes in between comes again with the next version.
            job = await service.read(session, own=own)
            items = await service.read_items(
                session, job_id=own.job_id, since_version=request.since_version
            )
        return pb.GetJobResponse(job=from_job(job), items=map(from_item, items))

    async def CancelJob(self, request: pb.CancelJobRequest, context: Any) -> pb.CancelJobResponse:
        async with self.database.sessions.begin() as session:
            job = await service.cancel(session, own=_own(request.job_id))
        return pb.CancelJobResponse(job=from_job(job))

    async def RetryJob(self, request: pb.RetryJobRequest, context: Any) -> pb.RetryJobResponse:
        async with self.database.sessions.begin() as session:
            job = await service.retry(
                session,
                own=_own(request.job_id),
                connectors=self.connectors,
                most_unfinished=self.most_unfinished,
            )
        return pb.RetryJobResponse(job=from_job(job))

    def _read_works(self, request: pb.StartJobRequest) -> list[Entry]:
        if not request.items:
            raise NothingWanted
        if len(request.items) > MOST_ITEMS:
            raise TooMany("items", MOST_ITEMS)
        return [
            entries.read(to_wanted(media), self.connectors, f"items[{index}]")
            for index, media in enumerate(request.items)
        ]


def _own(job_id: str) -> OwnJob:
    return OwnJob(parse_id("job_id", job_id), current_caller().user_id)
