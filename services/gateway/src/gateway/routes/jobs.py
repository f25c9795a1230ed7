"""Works that are brought in while nobody waits for the answer."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from common.requests import onward
from gateway import jobs
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.job_stream import EventStream, OpenJobStream
from gateway.paging import offer_next
from gateway.schemas.fields import Cursor, IdempotencyKey, Limit
from gateway.schemas.jobs import Batch, Job, JobWithItems, LastEventId, LastEventIdInAddress
from tastebuds.ingest.v1.job_service_pb2 import (
    CancelJobRequest,
    GetJobRequest,
    ListJobsRequest,
    RetryJobRequest,
    StartJobRequest,
)

router = APIRouter(prefix="/api/ingest", tags=["ingest"], dependencies=[Depends(signed_in)])

FOUND = problems({404: "Job not found"})


@router.post(
    "/batch",
    status_code=202,
    summary="Bring in many works",
    response_model=Job,
    responses=jobs.ACCEPTED
    | problems({400: "An entry has no identifier", 409: "The key was used for something else"}),
)
async def start_job(body: Batch, api: Api, idempotency_key: IdempotencyKey = "") -> Response:
    """As a job; an entry that its source cannot know fails in the job, not here."""
    reply = await api.jobs.StartJob(
        StartJobRequest(
            items=[item.to_wire() for item in body.items], idempotency_key=idempotency_key
        ),
        **onward(),
    )
    return jobs.accepted(reply.job)


@router.get("/jobs", summary="List your jobs")
async def list_jobs(
    request: Request, response: Response, api: Api, limit: Limit = 50, cursor: Cursor = ""
) -> list[Job]:
    """Newest first."""
    reply = await api.jobs.ListJobs(ListJobsRequest(page_size=limit, page_token=cursor), **onward())
    offer_next(request, response, reply.next_page_token)
    return [Job.of(job) for job in reply.jobs]


@router.get("/jobs/{job_id}", summary="Read a job", responses=FOUND)
async def get_job(job_id: UUID, api: Api) -> JobWithItems:
    """With its items."""
    reply = await api.jobs.GetJob(GetJobRequest(job_id=str(job_id)), **onward())
    return JobWithItems.with_items(reply.job, reply.items)


@router.post("/jobs/{job_id}/cancel", summary="Cancel a job", responses=FOUND)
async def cancel_job(job_id: UUID, api: Api) -> Job:
    """What is there stays there; a job that is over comes back as it is."""
    reply = await api.jobs.CancelJob(CancelJobRequest(job_id=str(job_id)), **onward())
    return Job.of(reply.job)


@router.post(
    "/jobs/{job_id}/retry",
    status_code=202,
    summary="Retry a job",
    response_model=Job,
    responses=jobs.ACCEPTED | FOUND | problems({409: "There is nothing to retry"}),
)
async def retry_job(job_id: UUID, api: Api) -> Response:
    """What failed and what waits is tried again, now."""
    reply = await api.jobs.RetryJob(RetryJobRequest(job_id=str(job_id)), **onward())
    return jobs.accepted(reply.job)


@router.get(
    "/jobs/{job_id}/events",  # noqa: FAST003 - the stream takes the id
    status_code=200,
    summary="Follow a job",
    response_class=EventStream,
    responses=FOUND | problems({429: "Too many open streams"}),
)
async def follow_job(
    stream: OpenJobStream, since: LastEventId = 0, since_in_address: LastEventIdInAddress = 0
) -> EventStream:
    """Server-sent events: `progress` with the job and its items, then one after each change.

    The last one is called `finished`. A stream that ends without it is resumed by `Last-Event-ID`.
    """
    return await stream.begin(since or since_in_address)
