"""What people do with works, as the catalogue's library records it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from grpc.aio import Channel

from common.requests import onward
from common.timestamps import timestamp
from ingest.clients.answers import answer
from tastebuds.catalog.v1 import library_pb2, library_service_pb2
from tastebuds.catalog.v1.library_service_pb2_grpc import LibraryServiceStub


class Activity(StrEnum):
    """What a person did with a work; the contract says what follows from each."""

    ACQUIRED = "acquired"
    STARTED = "started"
    PROGRESSED = "progressed"
    FINISHED = "finished"
    UNDONE = "undone"
    NOTED = "noted"
    TAGGED = "tagged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An activity of one person; what has the same key is done once, for ever."""

    user_id: UUID
    media_item_id: UUID
    activity: Activity
    key: str
    occurred_at: datetime | None = None
    notes: str = ""
    tags: Sequence[str] = ()


class Standing(NamedTuple):
    """How a person stands to a work, such as "currently consuming"; "" for not at all.

    Not `is_new` when an activity changed nothing; `in_diary` when there is an entry of it, now or
    from an earlier try.
    """

    status: str
    is_new: bool
    in_diary: bool
    finished_at: datetime | None = None


class LibraryClient:
    def __init__(self, channel: Channel) -> None:
        self._library = LibraryServiceStub(channel)

    async def record_activity(self, deed: Deed) -> Standing:
        """Raises what the library refuses for good, and AioRpcError while it is away."""
        request = library_service_pb2.RecordActivityRequest(
            user_id=str(deed.user_id),
            media_item_id=str(deed.media_item_id),
            activity=library_service_pb2.Activity.Value(f"ACTIVITY_{deed.activity.name}"),
            occurred_at=timestamp(deed.occurred_at) if deed.occurred_at else None,
            notes=deed.notes,
            tags=deed.tags,
            idempotency_key=deed.key,
        )
        reply = await answer(self._library.RecordActivity(request, **onward()))
        if not reply.HasField("state"):
            return Standing("", reply.changed, reply.in_diary)
        name = library_pb2.ConsumptionStatus.Name(reply.state.status)
        status = name.removeprefix("CONSUMPTION_STATUS_").replace("_", " ").lower()
        state = reply.state
        finished_at = state.finished_at.ToDatetime(UTC) if state.HasField("finished_at") else None
        return Standing(status, reply.changed, reply.in_diary, finished_at)
