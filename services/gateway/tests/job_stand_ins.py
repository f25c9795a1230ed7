"""Ingest's jobs, as its contract says."""

from dataclasses import dataclass, field
from uuid import uuid4

from common.errors import Kind
from common.requests import current_caller
from tastebuds.ingest.v1 import job_pb2
from tastebuds.ingest.v1 import job_service_pb2 as jobs_pb
from tastebuds.ingest.v1.job_service_pb2_grpc import JobServiceServicer

from .stand_ins import CREATED, Fact, StandIn, not_found


@dataclass
class KeptJob:
    owner_id: str
    job: job_pb2.Job
    items: list = field(default_factory=list)

    def change(self, position, item_state, job_state=job_pb2.JOB_STATE_RUNNING):
        """One item and the job with it, as ingest does in one transaction."""
        self.job.version += 1
        self.job.state = job_state
        item = self.items[position]
        item.state, item.version = item_state, self.job.version
        self.job.done = sum(i.state == job_pb2.JOB_ITEM_STATE_DONE for i in self.items)
        return self.job


def keep_job(world, owner_id, wanted):
    job = job_pb2.Job(
        id=str(uuid4()), state=job_pb2.JOB_STATE_QUEUED, total=len(wanted), version=1,
        created_at=CREATED, updated_at=CREATED,
    )  # fmt: skip
    items = [
        job_pb2.JobItem(
            id=str(uuid4()), position=position, source=one.source, external_id=one.external_id,
            state=job_pb2.JOB_ITEM_STATE_QUEUED, version=1,
        )
        for position, one in enumerate(wanted)
    ]  # fmt: skip
    world.jobs[job.id] = KeptJob(str(owner_id), job, items)
    return world.jobs[job.id]


class Jobs(StandIn, JobServiceServicer):
    async def StartJob(self, request, context):
        self.world.called("StartJob", request)
        for position, one in enumerate(request.items):
            if not one.external_id and not one.url:
                message = "Identifier required"
                raise Fact(Kind.INVALID, "IDENTIFIER_REQUIRED", message, position=position)
        kept = keep_job(self.world, current_caller().user_id, request.items)
        return jobs_pb.StartJobResponse(job=kept.job)

    async def ListJobs(self, request, context):
        self.world.called("ListJobs", request)
        return jobs_pb.ListJobsResponse(
            jobs=[kept.job for kept in self.world.jobs.values()],
            next_page_token="" if request.page_token else "older",
        )

    async def GetJob(self, request, context):
        self.world.called("GetJob", request)
        kept = self._kept(request.job_id)
        items = [item for item in kept.items if item.version > request.since_version]
        return jobs_pb.GetJobResponse(job=kept.job, items=items)

    async def CancelJob(self, request, context):
        kept = self._kept(request.job_id)
        kept.job.state = job_pb2.JOB_STATE_CANCELLED
        return jobs_pb.CancelJobResponse(job=kept.job)

    async def RetryJob(self, request, context):
        kept = self._kept(request.job_id)
        if not any(item.state == job_pb2.JOB_ITEM_STATE_FAILED for item in kept.items):
            raise Fact(Kind.PRECONDITION, "NOTHING_TO_RETRY", "Nothing of this job has failed.")
        kept.job.state = job_pb2.JOB_STATE_RUNNING
        return jobs_pb.RetryJobResponse(job=kept.job)

    def _kept(self, job_id):
        kept = self.world.jobs.get(job_id)
        if kept is None or kept.owner_id != str(current_caller().user_id):
            raise not_found("Job")
        return kept
