"""Search."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from common.requests import onward
from gateway.auth import ExternalSearchNeedsAccount, PerhapsSignedIn
from gateway.clients import Api, Clients
from gateway.documentation import problems
from gateway.paging import offer_next
from gateway.schemas.media import TO_WIRE
from gateway.schemas.search import (
    Question,
    SearchResult,
    Suggestion,
    Suggestions,
    SuggestText,
    Types,
)
from gateway.searching import result
from tastebuds.catalog.v1.search_service_pb2 import SearchMediaResponse, SuggestMediaRequest
from tastebuds.ingest.v1.preview_service_pb2 import SearchSourcesRequest, SearchSourcesResponse

router = APIRouter(prefix="/api/search", tags=["search"])

# Sources have 2.5 seconds each, at the same time, unless the operator allows them more.
OUTSIDE_SECONDS = 15


@router.get(
    "",
    summary="Search the catalogue, and outside",
    operation_id="search",
    response_model=SearchResult,
    responses=problems({429: "You have searched outside too often; Retry-After says how long"}),
)
async def search(
    question: Annotated[Question, Query()],
    request: Request,
    caller: PerhapsSignedIn,
    api: Api,
) -> Response:
    """Best match first: the catalogue's hits, then those of the sources asked, one after another.

    A source that is slow, broken, throttled or off costs its own hits only, and is named in
    `metadata.source_status`. What a source finds that is in the catalogue already is shown as that.
    """
    if question.asks_outside and caller is None:
        raise ExternalSearchNeedsAccount
    inside, outside = await asyncio.gather(_inside(question, api), _outside(question, api))
    if inside is None and outside is not None and not outside.answers:  # none has such types
        inside, outside = await api.search.SearchMedia(question.to_wire(), **onward()), None
    found = result(question, inside, outside)
    answer = Response(found.model_dump_json(), media_type="application/json")
    offer_next(request, answer, found.metadata.paging.next_cursor or "")
    return answer


@router.get("/suggest", summary="Complete what is being typed", response_model=Suggestions)
async def suggest(
    q: SuggestText,
    types: Types,
    api: Api,
    limit: Annotated[int, Query(ge=1, le=8)] = 8,
) -> Response:
    """Works whose titles begin so, for the list under a search box."""
    reply = await api.search.SuggestMedia(
        SuggestMediaRequest(
            prefix=q[:256], media_types=[TO_WIRE[kind] for kind in types], limit=limit
        ),
        **onward(),
    )
    found = Suggestions(suggestions=[Suggestion.of(one) for one in reply.suggestions])
    return Response(found.model_dump_json(), media_type="application/json")


async def _inside(question: Question, api: Clients) -> SearchMediaResponse | None:
    if not question.asks_inside:
        return None
    return await api.search.SearchMedia(question.to_wire(), **onward())


async def _outside(question: Question, api: Clients) -> SearchSourcesResponse | None:
    if not question.asks_outside:
        return None
    return await api.previews.SearchSources(
        SearchSourcesRequest(
            query=question.q,
            sources=question.connectors(),
            media_types=[TO_WIRE[kind] for kind in question.types],
            hits_per_source=question.external_per_source,
        ),
        **onward(OUTSIDE_SECONDS),
    )
