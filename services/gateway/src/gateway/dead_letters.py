"""The dead letters of all services as one list: their ids are of one sequence."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from common.requests import onward
from gateway import ops
from gateway.clients import Clients
from gateway.schemas.dead_letters import (
    LARGEST_ID,
    MOST_IDS,
    DeadLetter,
    Discard,
    Discarded,
    Matching,
    Replay,
    Replayed,
    WantedLetters,
)
from gateway.schemas.ops import ServiceName
from tastebuds.ops.v1 import ops_service_pb2 as wire

if TYPE_CHECKING:  # the class exists only in the stubs
    from tastebuds.ops.v1.ops_service_pb2_grpc import OpsServiceAsyncStub

# Each letter is read, published and deleted, one after the other.
MOVING_SECONDS = 30.0
PAGE = 100
# In which those that match are looked for; a service reads 500 letters for each.
MOST_PAGES = 40


async def page(api: Clients, wanted: WantedLetters) -> tuple[list[DeadLetter], str]:
    """Oldest first, and the cursor of the next page.

    An absent service is an error here: its letters would be passed over unseen. For the same
    reason nothing is shown of what lies behind the end of another's page.
    """
    request = wire.ListDeadLettersRequest(
        after_id=wanted.cursor,
        page_size=wanted.limit,
        consumer=wanted.consumer,
        text=wanted.text,
        discarded=wanted.discarded,
    )
    replies = await asyncio.gather(
        *(
            stub.ListDeadLetters(request, **onward(ops.SECONDS))
            for stub in _stubs(api, wanted.service).values()
        )
    )
    ends = [reply.next_after_id for reply in replies if reply.has_more]
    end = min(ends, default=LARGEST_ID)
    every = sorted(chain(*(reply.dead_letters for reply in replies)), key=lambda one: one.id)
    found = [letter for letter in every if letter.id <= end]
    shown = found[: wanted.limit]
    if len(found) > len(shown):
        end = shown[-1].id
    return [DeadLetter.of(letter) for letter in shown], str(end) if end < LARGEST_ID else ""


async def replay(api: Clients, order: Replay) -> Replayed:
    """Each service knows which letters are its own."""
    ids, matching = order.ids, order.matching
    service = matching.service if matching else None

    def call(stub: "OpsServiceAsyncStub") -> Awaitable[tuple[Sequence[int], bool]]:
        return _replay_matching(stub, matching) if matching else _replay(stub, ids or ())

    answers, failures = await ops.ask_any(_stubs(api, service), call)
    return Replayed(
        replayed_ids=sorted(chain(*(ids for ids, _ in answers.values()))),
        has_more=any(has_more for _, has_more in answers.values()),
        warnings=ops.in_words(failures),
    )


async def discard(api: Clients, order: Discard) -> Discarded:
    request = wire.DiscardDeadLettersRequest(ids=order.ids, reason=order.reason)

    def call(stub: "OpsServiceAsyncStub") -> Awaitable[wire.DiscardDeadLettersResponse]:
        return stub.DiscardDeadLetters(request, **onward(MOVING_SECONDS))

    answers, failures = await ops.ask_any(api.ops, call)
    return Discarded(
        discarded_ids=sorted(chain(*(reply.discarded_ids for reply in answers.values()))),
        new_ids=dict(chain(*(reply.new_ids.items() for reply in answers.values()))),
        warnings=ops.in_words(failures),
    )


async def _replay(stub: "OpsServiceAsyncStub", ids: Sequence[int]) -> tuple[Sequence[int], bool]:
    request = wire.ReplayDeadLettersRequest(ids=ids)
    reply = await stub.ReplayDeadLetters(request, **onward(MOVING_SECONDS))
    return reply.replayed_ids, False


async def _replay_matching(
    stub: "OpsServiceAsyncStub", matching: Matching
) -> tuple[Sequence[int], bool]:
    """Found before the first one is replayed: what dies again meanwhile is not replayed again."""
    ids: list[int] = []
    after_id, has_more = 0, True
    for _ in range(MOST_PAGES):
        room = MOST_IDS - len(ids)
        if not has_more or not room:
            break
        request = wire.ListDeadLettersRequest(
            after_id=after_id,
            page_size=min(PAGE, room),
            consumer=matching.consumer,
            text=matching.text,
        )
        reply = await stub.ListDeadLetters(request, **onward(ops.SECONDS))
        ids += [letter.id for letter in reply.dead_letters]
        after_id, has_more = reply.next_after_id, reply.has_more
    replayed, _ = await _replay(stub, ids) if ids else ((), False)
    return replayed, has_more


def _stubs(api: Clients, service: ServiceName | None) -> Mapping[str, "OpsServiceAsyncStub"]:
    return api.ops if service is None else {service: api.ops[service]}
