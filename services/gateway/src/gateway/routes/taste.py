"""What the signed-in person seems to like."""

from fastapi import APIRouter, Depends

from common.requests import onward
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.schemas.taste import Recomputation, TasteProfile
from tastebuds.catalog.v1.taste_service_pb2 import GetTasteProfileRequest

router = APIRouter(
    prefix="/api/me/taste-profile", tags=["library"], dependencies=[Depends(signed_in)]
)

# A large library takes its time to sum up.
COMPUTING_SECONDS = 15


@router.get("", summary="Read your taste profile")
async def get_taste_profile(api: Api, *, refresh: bool = False) -> TasteProfile:
    """Computed when it is old, or asked for; each leaning says why."""
    reply = await api.taste.GetTasteProfile(
        GetTasteProfileRequest(refresh=refresh), **onward(COMPUTING_SECONDS)
    )
    return TasteProfile.of(reply.profile)


@router.post("/refresh", summary="Compute your taste profile anew")
async def refresh_taste_profile(api: Api, body: Recomputation | None = None) -> TasteProfile:
    """Unless `force` is false and it is young."""
    force = body.force if body else True
    return await get_taste_profile(api, refresh=force)
