"""What administrators see of messages and do about them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from common.requests import onward
from gateway import dead_letters, ops
from gateway.auth import administrator
from gateway.clients import Api
from gateway.documentation import problems
from gateway.paging import offer_next
from gateway.schemas.dead_letters import (
    DeadLetter,
    Discard,
    Discarded,
    Replay,
    Replayed,
    WantedLetters,
)
from gateway.schemas.ops import (
    ConsumerName,
    Pause,
    Paused,
    QueueOverview,
    ServiceName,
    StreamName,
    SweepName,
    SweepRun,
)
from gateway.schemas.wire import moment
from tastebuds.ops.v1.ops_service_pb2 import PauseConsumerRequest, ResumeConsumerRequest

router = APIRouter(
    prefix="/api/ops",
    tags=["operations"],
    dependencies=[Depends(administrator)],
    responses=problems({403: "Admin access required for operations diagnostics"}),
)


@router.get("/queues", summary="See how messages are doing")
async def get_queues(api: Api) -> QueueOverview:
    """Of all services; one that does not answer is a warning."""
    return await ops.overview(api)


@router.get("/dead-letters", summary="List dead letters")
async def list_dead_letters(
    request: Request, response: Response, api: Api, wanted: Annotated[WantedLetters, Query()]
) -> list[DeadLetter]:
    """Messages that could not be done, oldest first."""
    letters, cursor = await dead_letters.page(api, wanted)
    offer_next(request, response, cursor)
    return letters


@router.post("/dead-letters/replay", summary="Replay dead letters")
async def replay_dead_letters(body: Replay, api: Api) -> Replayed:
    """They go to their consumers once more, as if they were new; at most 500 of each service."""
    return await dead_letters.replay(api, body)


@router.post("/dead-letters/discard", summary="Discard dead letters")
async def discard_dead_letters(body: Discard, api: Api) -> Discarded:
    """They stay listed as discarded, with who and why."""
    return await dead_letters.discard(api, body)


@router.post(
    "/consumers/{service}/{consumer}/pause",
    summary="Hold a consumer back",
    responses=problems({404: "Consumer not found"}),
)
async def pause_consumer(
    service: ServiceName, consumer: ConsumerName, body: Pause, api: Api, stream: StreamName = ""
) -> Paused:
    """It goes on by itself when the time is over."""
    stream = body.stream or stream or await ops.stream_of(api, service, consumer)
    reply = await api.ops[service].PauseConsumer(
        PauseConsumerRequest(stream=stream, consumer=consumer, seconds=body.seconds), **onward()
    )
    return Paused(paused_until=moment(reply.paused_until))


@router.post(
    "/consumers/{service}/{consumer}/resume",
    status_code=204,
    summary="Let a consumer go on",
    responses=problems({404: "Consumer not found"}),
)
async def resume_consumer(
    service: ServiceName, consumer: ConsumerName, api: Api, stream: StreamName = ""
) -> None:
    """One that is not paused is no error."""
    stream = stream or await ops.stream_of(api, service, consumer)
    await api.ops[service].ResumeConsumer(
        ResumeConsumerRequest(stream=stream, consumer=consumer), **onward()
    )


@router.post(
    "/sweeps/{name}/run",
    status_code=202,
    summary="Have a sweep done now",
    responses=problems({404: "Sweep not found"}),
)
async def run_sweep(name: SweepName, api: Api) -> SweepRun:
    """Beside its schedule; how it went stands in the overview."""
    return await ops.run_sweep(api, name)
