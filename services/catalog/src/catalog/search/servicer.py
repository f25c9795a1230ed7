"""Search over gRPC."""

from typing import Any

from catalog.media.messages import from_item, to_media_type
from catalog.search import service
from common.db import Database
from tastebuds.catalog.v1 import search_service_pb2 as pb
from tastebuds.catalog.v1.search_service_pb2_grpc import SearchServiceServicer


class SearchServicer(SearchServiceServicer):
    def __init__(self, database: Database) -> None:
        self.database = database

    async def SearchMedia(
        self, request: pb.SearchMediaRequest, context: Any
    ) -> pb.SearchMediaResponse:
        media_types = [to_media_type(media_type) for media_type in request.media_types]
        async with self.database.readers() as session:
            hits = await service.search(
                session,
                query=request.query,
                media_types=media_types,
                page_size=request.page_size,
                offset=request.offset,
            )
        return pb.SearchMediaResponse(items=map(from_item, hits.items), total_count=hits.total)
