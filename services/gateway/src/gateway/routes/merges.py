"""What administrators do about works that are in the catalogue twice."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from common.requests import onward
from gateway.auth import administrator
from gateway.clients import Api
from gateway.documentation import problems
from gateway.paging import offer_next
from gateway.schemas.fields import Cursor, Limit
from gateway.schemas.merges import Merge, NewMerge, Suspect
from tastebuds.catalog.v1.merge_service_pb2 import (
    DismissSuspectRequest,
    ListMergesRequest,
    ListSuspectsRequest,
    MergeMediaRequest,
    UndoMergeRequest,
)

router = APIRouter(
    prefix="/api/ops/media",
    tags=["operations"],
    dependencies=[Depends(administrator)],
    responses=problems({403: "Admin access required for operations diagnostics"}),
)

# Whoever has either of two popular works in a library is moved.
MOVING_SECONDS = 30


@router.get("/merges", summary="List merges")
async def list_merges(
    request: Request, response: Response, api: Api, limit: Limit = 50, cursor: Cursor = ""
) -> list[Merge]:
    """Newest first."""
    reply = await api.merges.ListMerges(
        ListMergesRequest(page_size=limit, page_token=cursor), **onward()
    )
    offer_next(request, response, reply.next_page_token)
    return [Merge.of(merge) for merge in reply.merges]


@router.post(
    "/merges",
    status_code=201,
    summary="Merge two works",
    responses=problems(
        {
            404: "Media item not found",
            409: "They are of different types, merged already, or much written to just now",
        }
    ),
)
async def merge_media(body: NewMerge, api: Api) -> Merge:
    """Sources, states, logs, tags, availability and menu items follow to the survivor."""
    reply = await api.merges.MergeMedia(
        MergeMediaRequest(survivor_id=str(body.survivor_id), absorbed_id=str(body.absorbed_id)),
        **onward(MOVING_SECONDS),
    )
    return Merge.of(reply.merge)


@router.post(
    "/merges/{merge_id}/undo",
    summary="Take a merge back",
    responses=problems({404: "Merge not found", 409: "It is final"}),
)
async def undo_merge(merge_id: UUID, api: Api) -> Merge:
    """Within 30 days: what followed goes back to where it came from."""
    reply = await api.merges.UndoMerge(
        UndoMergeRequest(merge_id=str(merge_id)), **onward(MOVING_SECONDS)
    )
    return Merge.of(reply.merge)


@router.get("/suspects", summary="List suspected duplicates")
async def list_suspects(
    request: Request, response: Response, api: Api, limit: Limit = 50, cursor: Cursor = ""
) -> list[Suspect]:
    """Pairs that look like one work but are not surely one, newest first."""
    reply = await api.merges.ListSuspects(
        ListSuspectsRequest(page_size=limit, page_token=cursor), **onward()
    )
    offer_next(request, response, reply.next_page_token)
    return [Suspect.of(suspect) for suspect in reply.suspects]


@router.delete(
    "/suspects/{suspect_id}",
    status_code=204,
    summary="Dismiss a suspicion",
    responses=problems({404: "Suspect not found"}),
)
async def dismiss_suspect(suspect_id: UUID, api: Api) -> None:
    """They are two works after all, and not suspected again."""
    await api.merges.DismissSuspect(DismissSuspectRequest(suspect_id=str(suspect_id)), **onward())
