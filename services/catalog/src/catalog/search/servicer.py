"""Search over gRPC."""

from datetime import timedelta
from typing import Any

from catalog.search import messages, service
from catalog.search.estimates import Estimates
from common.db import Database, now
from tastebuds.catalog.v1 import search_service_pb2 as pb
from tastebuds.catalog.v1.search_service_pb2_grpc import SearchServiceServicer


class SearchServicer(SearchServiceServicer):
    """`availability_stays_true` is for how long what was checked is believed."""

    def __init__(self, database: Database, availability_stays_true: timedelta) -> None:
        self.database = database
        self.availability_stays_true = availability_stays_true
        self.estimates = Estimates()

    async def SearchMedia(
        self, request: pb.SearchMediaRequest, context: Any
    ) -> pb.SearchMediaResponse:
        asked = messages.to_asked(request)
        async with self.database.readers() as session:
            results = await service.search(
                session,
                asked,
                self.estimates,
                stale_before=now() - self.availability_stays_true,
            )
        return messages.from_results(results)

    async def SuggestMedia(
        self, request: pb.SuggestMediaRequest, context: Any
    ) -> pb.SuggestMediaResponse:
        media_types = messages.to_media_types(request.media_types)
        async with self.database.readers() as session:
            suggestions = await service.suggest(
                session, typed=request.prefix, media_types=media_types, limit=request.limit
            )
        return pb.SuggestMediaResponse(suggestions=map(messages.from_suggestion, suggestions))
