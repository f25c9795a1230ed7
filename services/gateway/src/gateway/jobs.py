"""Answering with a job what takes longer than a request may."""

import math
import time
from typing import Any

from starlette.responses import Response

from gateway.preferences import RESPOND_ASYNC
from gateway.schemas.jobs import Job
from tastebuds.ingest.v1 import job_pb2

ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "model": Job,
        "description": "A job goes on trying",
        "headers": {
            "Location": {"description": "Where the job is read.", "schema": {"type": "string"}},
            "Retry-After": {
                "description": "Seconds until the next try, when it is known.",
                "schema": {"type": "integer"},
            },
        },
    }
}


def accepted(job: job_pb2.Job, *, as_preferred: bool = False) -> Response:
    headers = {"Location": f"/api/ingest/jobs/{job.id}"}
    if job.HasField("next_try_at"):
        wait = job.next_try_at.ToNanoseconds() / 1e9 - time.time()
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    if as_preferred:
        headers["Preference-Applied"] = RESPOND_ASYNC
    body = Job.of(job).model_dump_json().encode()
    return Response(body, 202, headers, media_type="application/json")
