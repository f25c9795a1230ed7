"""Between the wire and what the use cases take and give."""

from collections.abc import Mapping
from types import MappingProxyType

from common.timestamps import timestamp
from ingest.jobs.states import ItemState, JobState
from ingest.jobs.views import ItemView, JobView
from ingest.service import Wanted
from tastebuds.ingest.v1 import job_pb2
from tastebuds.ingest.v1.ingest_service_pb2 import IngestMediaRequest
from tastebuds.ingest.v1.job_service_pb2 import WantedMedia

JOB_STATES: "Mapping[str, job_pb2.JobState.ValueType]" = MappingProxyType(
    {state: job_pb2.JobState.Value(f"JOB_STATE_{state.name}") for state in JobState}
)
ITEM_STATES: "Mapping[str, job_pb2.JobItemState.ValueType]" = MappingProxyType(
    {state: job_pb2.JobItemState.Value(f"JOB_ITEM_STATE_{state.name}") for state in ItemState}
)


def to_wanted(media: WantedMedia | IngestMediaRequest) -> Wanted:
    return Wanted(
        source=media.source,
        external_id=media.external_id if media.HasField("external_id") else None,
        url=media.url if media.HasField("url") else None,
        refresh=media.force_refresh,
    )


def from_job(job: JobView) -> job_pb2.Job:
    return job_pb2.Job(
        id=str(job.id),
        state=JOB_STATES[job.state],
        total=job.total,
        done=job.done,
        failed=job.failed,
        cancelled=job.cancelled,
        attempts=job.attempts,
        next_try_at=timestamp(job.next_try_at) if job.next_try_at else None,
        last_error=job.last_error,
        created_at=timestamp(job.created_at),
        updated_at=timestamp(job.updated_at),
        finished_at=timestamp(job.finished_at) if job.finished_at else None,
        version=job.version,
    )


def from_item(item: ItemView) -> job_pb2.JobItem:
    return job_pb2.JobItem(
        id=str(item.id),
        position=item.position,
        source=item.source,
        external_id=item.external_id,
        state=ITEM_STATES[item.state],
        attempts=item.attempts,
        next_try_at=timestamp(item.next_try_at) if item.next_try_at else None,
        last_error=item.last_error,
        media_item_id=str(item.media_item_id) if item.media_item_id else "",
        version=item.version,
    )
