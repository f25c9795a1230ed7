"""Whether it works."""

from fastapi import APIRouter, Request

from gateway import health
from gateway.auth import PerhapsSignedIn
from gateway.schemas.health import Health

router = APIRouter(tags=["health"])


@router.get(
    "/health",
    summary="Whether the gateway lives",
    response_model_exclude_unset=True,
    operation_id="get_root_health",
)
@router.get(
    "/api/health",
    summary="Whether it works",
    response_model_exclude_unset=True,
    operation_id="get_health",
)
async def get_health(request: Request, caller: PerhapsSignedIn) -> Health:
    """Administrators and allow-listed addresses also see the upstream sources."""
    return await health.report(request, caller)
