"""The progress of one job as server-sent events (WHATWG HTML §9.2), resumable at any replica."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.sse import format_sse_event
from grpc.aio import AioRpcError
from starlette.responses import StreamingResponse
from starlette.types import Send

from common.errors import Kind
from common.grpc_errors import from_rpc_error
from common.requests import onward
from gateway.auth import SignedIn
from gateway.clients import Api
from gateway.job_news import Listener
from gateway.schemas.jobs import JobProgress
from tastebuds.ingest.v1 import job_pb2
from tastebuds.ingest.v1.job_service_pb2 import GetJobRequest, GetJobResponse

# How long a client waits before it comes back, in milliseconds.
RETRY_HINT = 2000
HEARTBEAT_SECONDS = 15.0
HEARTBEAT = format_sse_event(comment="still here")
# In case an event was missed.
POLL_SECONDS = 5.0
# Changes that come closer together are told as one.
PACE_SECONDS = 0.2
# For a client that stopped reading: what it was sent last may take this much longer than a life.
STUCK_SECONDS = 30.0
OVER = frozenset(
    {
        job_pb2.JOB_STATE_SUCCEEDED,
        job_pb2.JOB_STATE_PARTIAL,
        job_pb2.JOB_STATE_FAILED,
        job_pb2.JOB_STATE_CANCELLED,
    }
)
HEADERS = {
    "Cache-Control": "no-store",
    # nginx would hold the events back.
    "X-Accel-Buffering": "no",
}


class EventStream(StreamingResponse):
    """Ends also for a client that keeps the connection and reads nothing."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[bytes], seconds: float) -> None:
        super().__init__(events, headers=HEADERS)
        self._seconds = seconds

    async def stream_response(self, send: Send) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                await super().stream_response(send)


class JobStream:
    """Looks when it is told of a change, and now and then; never holds a transaction or a lock."""

    def __init__(self, api: Api, listener: Listener, life: float) -> None:
        self._api = api
        self._listener = listener
        expires_in = listener.caller.expires_at - time.time()
        self._ends_at = time.monotonic() + min(life, expires_in)

    async def begin(self, since: int) -> EventStream:
        """Raises as `GetJob` does. A version that the job has not reached is none of it."""
        reply = await self._look(since)
        if reply.job.version < since:
            since = 0
            reply = await self._look(since)
        left = max(0.0, self._ends_at - time.monotonic())
        return EventStream(self._events(reply, since), left + STUCK_SECONDS)

    async def _events(self, reply: GetJobResponse | None, since: int) -> AsyncIterator[bytes]:
        yield format_sse_event(retry=RETRY_HINT)
        said_at = time.monotonic()
        while True:
            if reply is not None and reply.job.state in OVER:
                yield _event("finished", reply)
                return
            if reply is not None and reply.job.version > since:
                since = reply.job.version
                yield _event("progress", reply)
                said_at = time.monotonic()
            if time.monotonic() - said_at >= HEARTBEAT_SECONDS:
                yield HEARTBEAT
                said_at = time.monotonic()
            if not await self._wait(since):
                return
            try:
                reply = await self._look(since)
            except AioRpcError as error:
                if not _is_away(error):
                    # The client comes back and is told by a status what is wrong.
                    return
                reply = None

    async def _wait(self, since: int) -> bool:
        """For news, or for the next look without; whether the stream may go on."""
        left = self._ends_at - time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(POLL_SECONDS, left)):
                await self._listener.wait_for_news(since)
                await asyncio.sleep(PACE_SECONDS)
        return not self._listener.is_ended and time.monotonic() < self._ends_at

    async def _look(self, since: int) -> GetJobResponse:
        # What is told from now on may be newer than the answer.
        self._listener.heard = 0
        return await self._api.jobs.GetJob(
            GetJobRequest(job_id=self._listener.job_id, since_version=since), **onward()
        )


async def _opened(
    job_id: UUID, request: Request, caller: SignedIn, api: Api
) -> AsyncIterator[JobStream]:
    """Taken before and given back after the answer, however that ends."""
    gateway = request.app.state.gateway
    with gateway.memory.job_news.listen(caller, str(job_id)) as listener:
        yield JobStream(api, listener, gateway.stream_seconds)


OpenJobStream = Annotated[JobStream, Depends(_opened)]


def _event(name: str, reply: GetJobResponse) -> bytes:
    content = JobProgress.of(reply.job, reply.items).model_dump_json()
    return format_sse_event(event=name, data_str=content, id=str(reply.job.version))


def _is_away(error: AioRpcError) -> bool:
    known = from_rpc_error(error)
    return known is not None and known.kind is Kind.UNAVAILABLE
