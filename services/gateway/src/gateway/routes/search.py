"""Search."""

from typing import Annotated

from fastapi import APIRouter, Query

from common.requests import onward
from gateway.auth import ExternalSearchNeedsAccount, PerhapsSignedIn
from gateway.clients import Api
from gateway.schemas.media import TO_WIRE
from gateway.schemas.search import Question, SearchResult
from tastebuds.catalog.v1.search_service_pb2 import SearchMediaRequest

router = APIRouter(prefix="/api", tags=["search"])


@router.get("/search", summary="Search the catalogue", operation_id="search")
async def search(
    question: Annotated[Question, Query()], caller: PerhapsSignedIn, api: Api
) -> SearchResult:
    """Best match first.

    External sources may be asked for by signed-in people, but do not take part yet: the answer
    holds the internal hits and names each asked source in `metadata.source_status` as `off`.
    """
    off = question.connectors()
    if off and caller is None:
        raise ExternalSearchNeedsAccount
    reply = await api.search.SearchMedia(
        SearchMediaRequest(
            query=question.q,
            media_types=[TO_WIRE[kind] for kind in question.types],
            page_size=question.per_page,
            offset=question.offset,
        ),
        **onward(),
    )
    return SearchResult.of(question, reply)
