"""PreviewService: translate, open the transaction, call the use case."""

from dataclasses import dataclass
from typing import Any, Self

from common.db import Database
from common.requests import current_caller, parse_id, parse_ids
from ingest.clients.catalog import CatalogClient
from ingest.connectors import Connectors
from ingest.previews import messages, service
from ingest.previews.errors import NothingToSave
from ingest.previews.saving import Saver
from ingest.previews.seeking import SearchTerms, Seeker
from ingest.previews.shown import OwnPreviews
from ingest.service import Allowances
from tastebuds.ingest.v1 import preview_service_pb2 as pb
from tastebuds.ingest.v1.preview_service_pb2_grpc import PreviewServiceServicer

MOST_SAVED = 50


@dataclass(frozen=True, slots=True)
class PreviewServicer(PreviewServiceServicer):
    database: Database
    seeker: Seeker
    saver: Saver

    @classmethod
    def of(
        cls,
        connectors: Connectors,
        catalog: CatalogClient,
        allowances: Allowances,
        database: Database,
        terms: SearchTerms,
    ) -> Self:
        return cls(
            database,
            Seeker(database, connectors, catalog, terms),
            Saver(database, connectors, catalog, allowances),
        )

    async def SearchSources(
        self, request: pb.SearchSourcesRequest, context: Any
    ) -> pb.SearchSourcesResponse:
        question = messages.to_question(request, current_caller().user_id)
        return messages.from_found(await self.seeker.seek(question))

    async def GetPreview(
        self, request: pb.GetPreviewRequest, context: Any
    ) -> pb.GetPreviewResponse:
        preview_id = parse_id("preview_id", request.preview_id)
        async with self.database.readers() as session:
            shown = await service.read(
                session, user_id=current_caller().user_id, preview_id=preview_id
            )
        return pb.GetPreviewResponse(preview=messages.from_shown(shown))

    async def SavePreviews(
        self, request: pb.SavePreviewsRequest, context: Any
    ) -> pb.SavePreviewsResponse:
        asked = parse_ids("preview_ids", request.preview_ids, MOST_SAVED)
        if not asked:
            raise NothingToSave
        own = OwnPreviews(current_caller().user_id, list(dict.fromkeys(asked)))
        saved = {each.shown.id: each for each in await self.saver.save(own)}
        return pb.SavePreviewsResponse(
            saved=[messages.from_saved(saved[preview_id]) for preview_id in asked]
        )
