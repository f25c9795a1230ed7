"""What is said about jobs, and the work that they are."""

from common.jobs import ATTEMPT
from ingest.jobs.lanes import lane_of
from ingest.jobs.messages import JOB_STATES
from ingest.models import IngestJob, IngestJobItem, Outbox
from tastebuds.ingest.v1.job_events_pb2 import IngestJobChanged, IngestJobFinished
from tastebuds.ingest.v1.work_pb2 import IngestItemDue


def job_changed(job: IngestJob) -> Outbox:
    return Outbox.of(
        IngestJobChanged(job_id=str(job.id), user_id=str(job.user_id), version=job.version)
    )


def job_finished(job: IngestJob) -> Outbox:
    return Outbox.of(
        IngestJobFinished(
            job_id=str(job.id),
            user_id=str(job.user_id),
            state=JOB_STATES[job.state],
            total=job.total,
            done=job.done,
            failed=job.failed,
        )
    )


def item_due(item: IngestJobItem, works: int) -> Outbox:
    """Of a job of so many works; what was tried before goes on from there."""
    lane = lane_of(item.source, works)
    work = Outbox.job("ingest", lane, IngestItemDue(job_item_id=str(item.id)))
    work.message_id = item.message_id
    work.headers |= {ATTEMPT: str(item.attempts + 1)}
    return work
