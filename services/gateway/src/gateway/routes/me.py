"""The signed-in person."""

from fastapi import APIRouter, Request, Response

from common.requests import onward
from gateway.auth import SignedIn
from gateway.clients import Api
from gateway.schemas.auth import AccountChange, User
from tastebuds.auth.v1.account_service_pb2 import UpdateAccountRequest

router = APIRouter(prefix="/api/me", tags=["me"])


@router.get("", summary="Read your account", response_model=User)
async def get_me(request: Request, caller: SignedIn) -> Response:
    """Who the access token belongs to."""
    account = await request.app.state.gateway.account(str(caller.user_id))
    return Response(account.body, media_type="application/json")


@router.patch("", summary="Change your account", response_model=User)
async def update_me(
    body: AccountChange, request: Request, caller: SignedIn, api: Api
) -> User | Response:
    """Only the display name can be changed; null clears it, and left out it stays."""
    if "display_name" not in body.model_fields_set:
        return await get_me(request, caller)
    reply = await api.accounts.UpdateAccount(
        UpdateAccountRequest(display_name=body.display_name), **onward()
    )
    request.app.state.gateway.memory.accounts.drop(str(caller.user_id))
    return User.of(reply.user)
