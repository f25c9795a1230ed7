"""OpsService: what administrators see of a service's messages, and do about them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from common.db import new_id, now
from common.letters import Wanted
from common.mending import DeadLetters
from common.ops.errors import (
    ConsumerNotFound,
    InvalidOperation,
    LaneGone,
    SweepNotFound,
)
from common.ops.messages import Kinds, from_letter, from_report
from common.ops.reaching import reaching_nats
from common.pages import page_size
from common.queues import Queues
from common.requests import TooMany, current_caller
from common.sweeps import Sweeps
from common.timestamps import timestamp
from tastebuds.ops.v1 import ops_service_pb2 as pb
from tastebuds.ops.v1.ops_service_pb2_grpc import OpsServiceServicer

log = structlog.get_logger()

MOST_LETTERS = 500
LETTERS_A_PAGE, MOST_LETTERS_A_PAGE = 50, 100
LONGEST_PAUSE_SECONDS = 86_400
REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class OpsServicer(OpsServiceServicer):
    queues: Queues
    sweeps: Sweeps
    letters: DeadLetters
    kinds: Kinds

    async def GetQueues(self, request: pb.GetQueuesRequest, context: Any) -> pb.GetQueuesResponse:
        return from_report(await self.queues.report())

    async def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, context: Any
    ) -> pb.ListDeadLettersResponse:
        size = page_size(request.page_size, usual=LETTERS_A_PAGE, largest=MOST_LETTERS_A_PAGE)
        wanted = Wanted(request.consumer, request.text, request.discarded)
        async with reaching_nats():
            letters, next_id = await self.letters.page(wanted, max(0, request.after_id), size)
        return pb.ListDeadLettersResponse(
            dead_letters=[from_letter(letter, self.kinds) for letter in letters],
            has_more=next_id > 0,
            next_after_id=next_id,
        )

    async def ReplayDeadLetters(
        self, request: pb.ReplayDeadLettersRequest, context: Any
    ) -> pb.ReplayDeadLettersResponse:
        async with reaching_nats():
            lanes = await self.letters.lanes_of(_ids(request.ids))
            for letter_id, subject in lanes.items():
                if not any(state.takes(subject) for state in self.queues.consumers):
                    raise LaneGone(letter_id, subject)
            replayed = await self.letters.replay(lanes)
        _note("dead letters replayed", ids=replayed)
        return pb.ReplayDeadLettersResponse(replayed_ids=replayed)

    async def DiscardDeadLetters(
        self, request: pb.DiscardDeadLettersRequest, context: Any
    ) -> pb.DiscardDeadLettersResponse:
        reason = request.reason.strip()
        if not 1 <= len(reason) <= REASON_LENGTH:
            raise InvalidOperation("reason", f"1 to {REASON_LENGTH} characters")
        async with reaching_nats():
            discarded = await self.letters.discard(_ids(request.ids), reason, _admin())
        _note("dead letters discarded", ids=list(discarded), reason=reason)
        return pb.DiscardDeadLettersResponse(discarded_ids=discarded, new_ids=discarded)

    async def PauseConsumer(
        self, request: pb.PauseConsumerRequest, context: Any
    ) -> pb.PauseConsumerResponse:
        if not 1 <= request.seconds <= LONGEST_PAUSE_SECONDS:
            raise InvalidOperation("seconds", f"between 1 and {LONGEST_PAUSE_SECONDS}")
        until = now() + timedelta(seconds=request.seconds)
        async with self._consumer(request.stream, request.consumer) as jetstream:
            await jetstream.pause_consumer(request.stream, request.consumer, until.isoformat())
        _note(
            "consumer paused",
            stream=request.stream,
            consumer=request.consumer,
            seconds=request.seconds,
        )
        return pb.PauseConsumerResponse(paused_until=timestamp(until))

    async def ResumeConsumer(
        self, request: pb.ResumeConsumerRequest, context: Any
    ) -> pb.ResumeConsumerResponse:
        async with self._consumer(request.stream, request.consumer) as jetstream:
            await jetstream.resume_consumer(request.stream, request.consumer)
        _note("consumer resumed", stream=request.stream, consumer=request.consumer)
        return pb.ResumeConsumerResponse()

    async def RunSweep(self, request: pb.RunSweepRequest, context: Any) -> pb.RunSweepResponse:
        if request.name not in self.sweeps.by_name:
            raise SweepNotFound(request.name)
        async with reaching_nats():
            await self.sweeps.run_soon(request.name, f"asked.{new_id()}")
        _note("sweep asked for", sweep=request.name)
        return pb.RunSweepResponse()

    @asynccontextmanager
    async def _consumer(self, stream: str, name: str) -> AsyncIterator[JetStreamContext]:
        """To do something to a consumer of this service."""
        known = {(each.stream, each.durable) for each in self.queues.consumers}
        if (stream, name) not in known:
            raise ConsumerNotFound(stream, name)
        try:
            async with reaching_nats():
                yield self.queues.nats.jetstream()
        except NotFoundError:  # its stream is not there yet
            raise ConsumerNotFound(stream, name) from None


def _ids(ids: Sequence[int]) -> Sequence[int]:
    if len(ids) > MOST_LETTERS:
        raise TooMany("ids", MOST_LETTERS)
    return [each for each in ids if each > 0]


def _admin() -> str:
    return str(current_caller().user_id)


def _note(what: str, **details: object) -> None:
    """Who did what: the audit log of operators."""
    log.info("operator", done=what, admin=_admin(), **details)
