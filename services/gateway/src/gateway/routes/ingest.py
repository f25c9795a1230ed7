"""Upstream catalogues."""

from fastapi import APIRouter, Depends, Response

from common.requests import onward
from gateway import jobs
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.preferences import RESPOND_ASYNC, prefers
from gateway.schemas.ingest import Ingested, IngestRequest, Prefer, Source, SourceStatus
from tastebuds.ingest.v1.ingest_service_pb2 import IngestMediaRequest, ListSourcesRequest

router = APIRouter(prefix="/api/ingest", tags=["ingest"], dependencies=[Depends(signed_in)])

# A connector may try an upstream more than once before it gives up.
UPSTREAM_SECONDS = 30


@router.get("/sources", summary="List the upstream catalogues")
async def list_sources(api: Api) -> list[SourceStatus]:
    """Which take part, and why one does not."""
    reply = await api.ingest.ListSources(ListSourcesRequest(), **onward())
    return [SourceStatus.of(status) for status in reply.sources]


@router.post(
    "/{source}",
    summary="Bring a work in from an upstream catalogue",
    response_model=Ingested,
    responses=jobs.ACCEPTED
    | problems(
        {
            400: "Identifier required",
            404: "The source has no such item",
            429: "Ingest quota exceeded",
            503: "The source is off, its circuit is open, or it does not answer",
        }
    ),
)
async def ingest(
    source: Source, body: IngestRequest, api: Api, prefer: Prefer
) -> Ingested | Response:
    """A known work comes back untouched unless a refresh is forced.

    A failure worth waiting for is answered with a job that goes on trying, if that is preferred.
    """
    prefers_job = prefers(prefer, RESPOND_ASYNC)
    wanted = body.model_dump() | {"defer": body.defer or prefers_job}
    reply = await api.ingest.IngestMedia(
        IngestMediaRequest(source=source, **wanted), **onward(UPSTREAM_SECONDS)
    )
    if reply.HasField("job"):
        return jobs.accepted(reply.job, as_preferred=prefers_job)
    return Ingested.of(reply)
