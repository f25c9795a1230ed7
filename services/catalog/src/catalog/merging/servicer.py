"""Merges and suspects over gRPC: translate, open the session, call the service."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from catalog.duplicates import service as duplicates
from catalog.duplicates.messages import from_shown
from catalog.merging import service
from catalog.merging.errors import WorksBusy
from catalog.merging.merges import Cause, Merge, Pair
from catalog.merging.messages import from_merge
from common.db import Database, Session
from common.pages import Mark, page_size, read_token, write_token
from common.requests import current_caller, parse_id
from tastebuds.catalog.v1 import merge_service_pb2 as pb
from tastebuds.catalog.v1.merge_service_pb2_grpc import MergeServiceServicer

USUAL_PAGE = 50
LARGEST_PAGE = 100
# Before a merge that gave way to others is tried again.
PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.4)
BY_ADMIN = "merged by an administrator"


class MergeServicer(MergeServiceServicer):
    def __init__(self, database: Database) -> None:
        self.database = database

    async def MergeMedia(
        self, request: pb.MergeMediaRequest, context: Any
    ) -> pb.MergeMediaResponse:
        pair = Pair(
            parse_id("survivor_id", request.survivor_id),
            parse_id("absorbed_id", request.absorbed_id),
        )
        cause = Cause(BY_ADMIN, current_caller().user_id)
        merge = await self._again_and_again(lambda session: service.merge(session, pair, cause))
        return pb.MergeMediaResponse(merge=from_merge(merge))

    async def UndoMerge(self, request: pb.UndoMergeRequest, context: Any) -> pb.UndoMergeResponse:
        merge_id = parse_id("merge_id", request.merge_id)
        merge = await self._again_and_again(lambda session: service.undo(session, merge_id))
        return pb.UndoMergeResponse(merge=from_merge(merge))

    async def ListMerges(
        self, request: pb.ListMergesRequest, context: Any
    ) -> pb.ListMergesResponse:
        size = page_size(request.page_size, usual=USUAL_PAGE, largest=LARGEST_PAGE)
        async with self.database.readers() as session:
            found = await service.page(session, read_token(request.page_token), size)
        shown = found[:size]
        last = Mark(shown[-1].merged_at, shown[-1].id) if len(found) > size else None
        return pb.ListMergesResponse(
            merges=map(from_merge, shown), next_page_token=write_token(last)
        )

    async def ListSuspects(
        self, request: pb.ListSuspectsRequest, context: Any
    ) -> pb.ListSuspectsResponse:
        size = page_size(request.page_size, usual=USUAL_PAGE, largest=LARGEST_PAGE)
        async with self.database.readers() as session:
            found = await duplicates.page(session, read_token(request.page_token), size)
        shown = found[:size]
        newer = shown[-1].suspect if len(found) > size else None
        last = None if newer is None else Mark(newer.found_at, newer.id)
        return pb.ListSuspectsResponse(
            suspects=map(from_shown, shown),
            next_page_token=write_token(last),
        )

    async def DismissSuspect(
        self, request: pb.DismissSuspectRequest, context: Any
    ) -> pb.DismissSuspectResponse:
        suspect_id = parse_id("suspect_id", request.suspect_id)
        async with self.database.sessions.begin() as session:
            await duplicates.dismiss(session, suspect_id)
        return pb.DismissSuspectResponse()

    async def _again_and_again(self, write: Callable[[Session], Awaitable[Merge]]) -> Merge:
        """Each time in a transaction of its own; the last time WorksBusy is the answer."""
        for pause in PAUSES_SECONDS:
            try:
                async with self.database.sessions.begin() as session:
                    return await write(session)
            except WorksBusy:
                await asyncio.sleep(pause)
        async with self.database.sessions.begin() as session:
            return await write(session)
