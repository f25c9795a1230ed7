"""A library as one person and the senders of webhooks use it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from common.grpc_errors import from_rpc_error
from tastebuds.catalog.v1 import library_pb2 as wire
from tastebuds.catalog.v1 import library_service_pb2 as pb

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
CONSUMED = wire.CONSUMPTION_STATUS_CONSUMED
CONSUMING = wire.CONSUMPTION_STATUS_CURRENTLY_CONSUMING
WANTED = wire.CONSUMPTION_STATUS_WANT_TO_CONSUME
PAUSED = wire.CONSUMPTION_STATUS_PAUSED
DROPPED = wire.CONSUMPTION_STATUS_DROPPED
STARTED = wire.LOG_TYPE_STARTED
PROGRESS = wire.LOG_TYPE_PROGRESS
FINISHED = wire.LOG_TYPE_FINISHED
NOTE = wire.LOG_TYPE_NOTE
GOAL = wire.LOG_TYPE_GOAL


def at(hours=0):
    moment = Timestamp()
    moment.FromDatetime(NOON + timedelta(hours=hours))
    return moment


def moment(timestamp):
    return timestamp.ToDatetime(UTC)


async def refused(reason, call):
    """The error with which the call is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = from_rpc_error(caught.value)
    assert error is not None, caught.value
    assert error.reason == reason, error
    return error


@dataclass(frozen=True)
class LibraryDesk:
    """Each call is made by the person; `record` is what ingest tells of the person."""

    library: Any
    senders: Any
    people: Any
    user_id: UUID

    def of(self, user_id):
        return replace(self, user_id=user_id)

    async def put(self, work, status, **fields):
        request = pb.SetStateRequest(media_item_id=work, status=status, **fields)
        return (await self._ask(self.library.SetState, request)).state

    async def clear(self, work):
        await self._ask(self.library.DeleteState, pb.DeleteStateRequest(media_item_id=work))

    async def states(self, *works):
        request = pb.BatchGetStatesRequest(media_item_ids=works)
        return list((await self._ask(self.library.BatchGetStates, request)).states)

    async def state(self, work):
        """None when there is none."""
        return next(iter(await self.states(work)), None)

    async def status(self, work):
        state = await self.state(work)
        return state and state.status

    async def write(self, work, log_type, hours=0, key="", **fields):
        entry = pb.LogEntry(log_type=log_type, logged_at=at(hours), **fields)
        return await self.write_entry(work, entry, key)

    async def write_entry(self, work, entry, key=""):
        request = pb.CreateLogRequest(media_item_id=work, entry=entry, idempotency_key=key)
        return (await self._ask(self.library.CreateLog, request)).log

    async def edit(self, log_id, changed=None, **fields):
        request = pb.UpdateLogRequest(
            log_id=log_id, entry=pb.LogEntry(**fields), changed=changed or list(fields)
        )
        return (await self._ask(self.library.UpdateLog, request)).log

    async def delete(self, log_id):
        await self._ask(self.library.DeleteLog, pb.DeleteLogRequest(log_id=log_id))

    async def page_of_logs(self, **asked):
        return await self._ask(self.library.ListLogs, pb.ListLogsRequest(**asked))

    async def logs(self, **asked):
        return list((await self.page_of_logs(**asked)).logs)

    async def undo(self):
        return await self._ask(self.library.UndoLastChange, pb.UndoLastChangeRequest())

    async def overview(self, **asked):
        return await self._ask(self.library.GetLibrary, pb.GetLibraryRequest(**asked))

    async def record(self, work, activity, hours=0, **fields):
        request = pb.RecordActivityRequest(
            user_id=str(self.user_id),
            media_item_id=work,
            activity=activity,
            occurred_at=at(hours),
            idempotency_key=f"webhook:{uuid4()}",
            **fields,
        )
        return await self.senders.RecordActivity(request)

    async def _ask(self, method, request):
        return await method(request, metadata=self.people.metadata(self.user_id))
