"""Asking one source, within a deadline."""

import asyncio
import time
from datetime import datetime

from common.errors import DomainError
from ingest.connectors.protocol import Connector
from ingest.drafts import MediaDraft, Source
from ingest.errors import CircuitOpen, NoFreeSlot, SourceOff, UpstreamThrottled
from ingest.previews.documents import LONGEST_EXTERNAL_ID, capped
from ingest.previews.question import Question
from ingest.previews.shown import Answer, Shown, Status, preview_id

STATUSES: dict[type[DomainError], Status] = {
    CircuitOpen: Status.CIRCUIT_OPEN,
    NoFreeSlot: Status.THROTTLED,
    UpstreamThrottled: Status.THROTTLED,
    SourceOff: Status.OFF,
}


async def ask(
    connector: Connector, question: Question, *, deadline: float, expires_at: datetime
) -> Answer:
    """The waits for a turn, and the tries after a failure, are within the deadline too."""
    source, began = connector.source, time.monotonic()
    status, problem, shown = Status.OK, "", list[Shown]()
    patience = asyncio.timeout(deadline)
    try:
        async with patience:
            drafts = await connector.search(question.text, question.searched(connector))
        shown = _show(drafts, question, expires_at)
    except TimeoutError:
        if not patience.expired():
            raise  # somebody else's limit
        status, problem = Status.TIMED_OUT, f"{source} did not answer within {deadline:g} seconds"
    except DomainError as error:
        status, problem = STATUSES.get(type(error), Status.FAILED), error.message
    return Answer(
        source=source,
        status=status,
        shown=shown,
        milliseconds=round((time.monotonic() - began) * 1000, 1),
        problem=problem,
    )


def unasked(source: Source, why: DomainError) -> Answer:
    return Answer(source=source, status=STATUSES[type(why)], problem=why.message)


def _show(drafts: list[MediaDraft], question: Question, expires_at: datetime) -> list[Shown]:
    """What was asked for, each record once."""
    wanted: dict[str, MediaDraft] = {}
    for draft in drafts:
        if question.wants(draft.media_type) and len(draft.external_id) <= LONGEST_EXTERNAL_ID:
            wanted.setdefault(draft.external_id, draft)
    return [
        Shown(preview_id(question.user_id, draft.source_name, name), capped(draft), expires_at)
        for name, draft in list(wanted.items())[: question.hits]
    ]
