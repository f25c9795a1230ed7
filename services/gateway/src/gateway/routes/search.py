"""Search."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from common.requests import onward
from gateway import outside
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
from tastebuds.ingest.v1.preview_service_pb2 import SourceAnswer

router = APIRouter(prefix="/api/search", tags=["search"])


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
    if question.needs_account and caller is None:
        raise ExternalSearchNeedsAccount
    answers: Sequence[SourceAnswer] = ()
    if question.asks_outside:
        inside, asked = await asyncio.gather(_inside(question, api), outside.ask(question, api))
        answers = asked.answers
    else:
        inside = await _inside(question, api)
    if inside is None and not answers:  # none has such types
        inside = await api.search.SearchMedia(question.to_wire(), **onward())
    found = result(question, inside, answers)
    answer = Response(found.model_dump_json(), media_type="application/json")
    offer_next(request, answer, found.metadata.paging.next_cursor or "")
    return answer


@router.get("/suggest", summary="Complete what is being typed", response_model=Suggestions)
async def suggest(
    q: SuggestText,
    api: Api,
    types: Types = (),
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
