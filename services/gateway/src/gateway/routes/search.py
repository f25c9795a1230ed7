"""Search."""

from typing import Annotated

from fastapi import APIRouter, Query

from common.requests import onward
from gateway.auth import ExternalSearchNeedsAccount, PerhapsSignedIn
from gateway.clients import Api
from gateway.schemas.media import TO_WIRE, MediaType
from gateway.schemas.search import (
    LAST_PAGE,
    Paging,
    SearchResult,
    SearchText,
    SourceName,
    asked_connectors,
)
from tastebuds.catalog.v1.search_service_pb2 import SearchMediaRequest

router = APIRouter(prefix="/api", tags=["search"])

Types = Annotated[
    list[MediaType], Query(default_factory=list, max_length=20, description="Left out: all.")
]
Sources = Annotated[
    list[SourceName],
    Query(
        default_factory=list,
        max_length=20,
        description="External ones are off so far and say so in source_status.",
    ),
]
Page = Annotated[int, Query(ge=1, le=LAST_PAGE)]
PerPage = Annotated[int, Query(ge=1, le=50)]
PerSource = Annotated[int, Query(ge=1, le=5, description="Hits per external source.")]


@router.get("/search", summary="Search the catalogue", operation_id="search")
async def search(
    *,
    q: SearchText,
    api: Api,
    caller: PerhapsSignedIn,
    types: Types,
    sources: Sources,
    include_external: bool = False,
    page: Page = 1,
    per_page: PerPage = 20,
    external_per_source: PerSource = 1,  # noqa: ARG001 - accepted for the sources to come
) -> SearchResult:
    """Best match first.

    External sources may be asked for by signed-in people, but do not take part yet: the answer
    holds the internal hits and names each asked source in `metadata.source_status` as `off`.
    """
    off = asked_connectors(sources, include_external=include_external)
    if off and caller is None:
        raise ExternalSearchNeedsAccount
    paging = Paging(page=page, per_page=per_page, offset=(page - 1) * per_page, total_internal=0)
    reply = await api.search.SearchMedia(
        SearchMediaRequest(
            query=q,
            media_types=[TO_WIRE[kind] for kind in types],
            page_size=per_page,
            offset=paging.offset,
        ),
        **onward(),
    )
    paging.total_internal = reply.total_count
    return SearchResult.of(reply.items, paging, off)
