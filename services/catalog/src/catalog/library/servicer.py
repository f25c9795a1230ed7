"""The library over gRPC: translate, open the session, call the service."""

from typing import Any

from catalog.library import messages, service
from common import pages
from common.db import Database
from common.requests import current_caller, parse_id
from tastebuds.catalog.v1 import library_service_pb2 as pb
from tastebuds.catalog.v1.library_service_pb2_grpc import LibraryServiceServicer


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

    async def ListLogs(self, request: pb.ListLogsRequest, context: Any) -> pb.ListLogsResponse:
        async with self.database.readers() as session:
            logs = await service.list_logs(
                session,
                user_id=current_caller().user_id,
                media_item_id=messages.to_item_filter(request.media_item_id),
                log_type=messages.to_log_type(request.log_type),
                page_size=request.page_size,
                offset=request.offset,
            )
        return pb.ListLogsResponse(logs=map(messages.from_log, logs))
