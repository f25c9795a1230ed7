"""The library over gRPC: translate, open the session, call the service."""

from typing import Any

from catalog.library import messages, service
from catalog.library.diary import messages as diary_messages
from catalog.library.diary import service as diary
from catalog.library.overview import messages as overview_messages
from catalog.library.overview import service as overview
from catalog.library.undoing import service as undoing
from catalog.models import Idempotency
from common import pages
from common.db import Database
from common.requests import current_caller, parse_id, parse_ids
from tastebuds.catalog.v1 import library_service_pb2 as pb
from tastebuds.catalog.v1.library_service_pb2_grpc import LibraryServiceServicer

MOST_IDS = 500


class LibraryServicer(LibraryServiceServicer):
    def __init__(self, database: Database) -> None:
        self.database = database

    async def RecordActivity(
        self, request: pb.RecordActivityRequest, context: Any
    ) -> pb.RecordActivityResponse:
        report = messages.to_report(request)
        async with self.database.sessions.begin() as session:
            recorded = await service.record(session, report)
        return pb.RecordActivityResponse(
            state=messages.from_state(recorded.state) if recorded.state else None,
            changed=recorded.changed,
            in_diary=recorded.in_diary,
        )

    async def ListStates(
        self, request: pb.ListStatesRequest, context: Any
    ) -> pb.ListStatesResponse:
        async with self.database.readers() as session:
            page = await service.list_states(
                session,
                user_id=current_caller().user_id,
                after=pages.read_token(request.page_token),
                page_size=request.page_size,
            )
        return pb.ListStatesResponse(
            states=map(messages.from_state, page.states),
            next_page_token=pages.write_token(page.after),
        )

    async def BatchGetStates(
        self, request: pb.BatchGetStatesRequest, context: Any
    ) -> pb.BatchGetStatesResponse:
        ids = parse_ids("media_item_ids", request.media_item_ids, MOST_IDS)
        async with self.database.readers() as session:
            states = await service.get_states(
                session, user_id=current_caller().user_id, media_item_ids=ids
            )
        return pb.BatchGetStatesResponse(states=map(messages.from_state, states))

    async def SetState(self, request: pb.SetStateRequest, context: Any) -> pb.SetStateResponse:
        standing, opinion = messages.to_standing(request), messages.to_opinion(request)
        async with self.database.sessions.begin() as session:
            state = await service.set_state(
                session,
                user_id=current_caller().user_id,
                media_item_id=parse_id("media_item_id", request.media_item_id),
                standing=standing,
                opinion=opinion,
            )
        return pb.SetStateResponse(state=messages.from_state(state))

    async def DeleteState(
        self, request: pb.DeleteStateRequest, context: Any
    ) -> pb.DeleteStateResponse:
        media_item_id = parse_id("media_item_id", request.media_item_id)
        async with self.database.sessions.begin() as session:
            await service.clear_state(
                session, user_id=current_caller().user_id, media_item_id=media_item_id
            )
        return pb.DeleteStateResponse()

    async def GetLibrary(
        self, request: pb.GetLibraryRequest, context: Any
    ) -> pb.GetLibraryResponse:
        wanted = overview_messages.to_filter(request)
        async with self.database.readers() as session:
            summary, glance = await overview.overview(
                session,
                user_id=current_caller().user_id,
                wanted=wanted,
                after=pages.read_token(request.page_token),
                page_size=request.page_size,
            )
        return overview_messages.from_overview(summary, glance)

    async def ListLogs(self, request: pb.ListLogsRequest, context: Any) -> pb.ListLogsResponse:
        wanted = diary_messages.to_filter(request)
        async with self.database.readers() as session:
            page = await diary.list_logs(
                session,
                user_id=current_caller().user_id,
                wanted=wanted,
                after=pages.read_token(request.page_token),
                page_size=request.page_size,
                offset=request.offset,
            )
        return pb.ListLogsResponse(
            logs=map(diary_messages.from_log, page.logs),
            next_page_token=pages.write_token(page.after),
        )

    async def CreateLog(self, request: pb.CreateLogRequest, context: Any) -> pb.CreateLogResponse:
        media_item_id = parse_id("media_item_id", request.media_item_id)
        entry = diary_messages.to_entry(request.entry)
        attempt = diary_messages.once(request)

        async def write() -> pb.CreateLogResponse:
            log = await diary.create(
                session,
                user_id=current_caller().user_id,
                media_item_id=media_item_id,
                entry=entry,
            )
            return pb.CreateLogResponse(log=diary_messages.from_log(log))

        async with self.database.sessions.begin() as session:
            return await attempt.run(session, Idempotency, write, pb.CreateLogResponse)

    async def UpdateLog(self, request: pb.UpdateLogRequest, context: Any) -> pb.UpdateLogResponse:
        log_id = parse_id("log_id", request.log_id)
        edit = diary_messages.to_edit(request.entry, request.changed)
        async with self.database.sessions.begin() as session:
            log = await diary.update(
                session, user_id=current_caller().user_id, log_id=log_id, edit=edit
            )
        return pb.UpdateLogResponse(log=diary_messages.from_log(log))

    async def DeleteLog(self, request: pb.DeleteLogRequest, context: Any) -> pb.DeleteLogResponse:
        log_id = parse_id("log_id", request.log_id)
        async with self.database.sessions.begin() as session:
            await diary.delete(session, user_id=current_caller().user_id, log_id=log_id)
        return pb.DeleteLogResponse()

    async def UndoLastChange(
        self, request: pb.UndoLastChangeRequest, context: Any
    ) -> pb.UndoLastChangeResponse:
        async with self.database.sessions.begin() as session:
            undone = await undoing.undo_last_change(session, current_caller().user_id)
        return messages.from_undone(undone)
