"""Stand-ins of the catalogue's search and of ingest's previews."""

from uuid import UUID

from common.errors import Kind
from common.requests import current_caller
from tastebuds.catalog.v1 import media_pb2
from tastebuds.catalog.v1 import search_service_pb2 as search_pb
from tastebuds.catalog.v1.search_service_pb2_grpc import SearchServiceServicer
from tastebuds.ingest.v1 import preview_service_pb2 as pb
from tastebuds.ingest.v1.preview_service_pb2_grpc import PreviewServiceServicer

from .stand_ins import Fact, StandIn, after


def preview(number: int, source="tmdb", external_id=None, **item) -> pb.Preview:
    """A preview with an id as ingest makes them."""
    item = {"media_type": media_pb2.MEDIA_TYPE_MOVIE, "title": f"Film {number}"} | item
    return pb.Preview(
        id=f"00000000-0000-8000-8000-{number:012}",
        item=media_pb2.MediaItem(**item),
        source_name=source,
        external_id=external_id or f"movie:{number}",
        expires_at=after(300),
    )


class Search(StandIn, SearchServiceServicer):
    """`world.search` has members of the answer that tests want otherwise."""

    async def SearchMedia(self, request, context):
        self.world.called("SearchMedia", request)
        hits = list(self.world.media.values())
        page = hits[request.offset : request.offset + request.page_size]
        return search_pb.SearchMediaResponse(items=page, total_count=len(hits), **self.world.search)

    async def SuggestMedia(self, request, context):
        self.world.called("SuggestMedia", request)
        found = [
            search_pb.Suggestion(
                media_item_id=item.id,
                media_type=item.media_type,
                title=item.title,
                creators=item.creators,
                year=int(item.release_date[:4]),
            )
            for item in self.world.media.values()
            if item.title.casefold().startswith(request.prefix.casefold())
        ]
        return search_pb.SuggestMediaResponse(suggestions=found[: request.limit])


class Previews(StandIn, PreviewServiceServicer):
    """`world.answers` is what sources say; `world.previews` are those of anybody."""

    async def SearchSources(self, request, context):
        self.world.called("SearchSources", request)
        answers = [
            answer
            for answer in self.world.answers
            if not request.sources or answer.source in request.sources
        ]
        return pb.SearchSourcesResponse(answers=answers)

    async def GetPreview(self, request, context):
        self.world.called("GetPreview", request)
        return pb.GetPreviewResponse(preview=self._find(request.preview_id))

    async def SavePreviews(self, request, context):
        self.world.called("SavePreviews", request)
        assert current_caller()
        return pb.SavePreviewsResponse(
            saved=[
                pb.SavedPreview(preview_id=each, item=self._save(each))
                for each in request.preview_ids
            ]
        )

    def _find(self, preview_id) -> pb.Preview:
        found = self.world.previews.get(preview_id)
        if found is None:
            raise Fact(Kind.NOT_FOUND, "PREVIEW_NOT_FOUND", "Preview not found")
        return found

    def _save(self, preview_id) -> media_pb2.MediaItem:
        item = media_pb2.MediaItem()
        item.CopyFrom(self._find(preview_id).item)
        # As the catalogue numbers its works.
        item.id = str(UUID(preview_id.replace("-8000-", "-7000-", 1)))
        self.world.media[item.id] = item
        return item
