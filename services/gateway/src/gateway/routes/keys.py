"""Keys with which others can verify our access tokens."""

from base64 import urlsafe_b64encode

from fastapi import APIRouter, Response

from common.requests import onward
from gateway.clients import Api
from gateway.schemas.auth import KeySet, PublicKey
from tastebuds.auth.v1.key_service_pb2 import ListVerificationKeysRequest

router = APIRouter(tags=["auth"])


@router.get("/.well-known/jwks.json", summary="Read the public keys")
async def get_keys(response: Response, api: Api) -> KeySet:
    """A JSON Web Key Set, RFC 7517."""
    reply = await api.keys.ListVerificationKeys(ListVerificationKeysRequest(), **onward())
    response.headers["Cache-Control"] = "public, max-age=300"
    return KeySet(
        keys=[
            PublicKey(kid=key.kid, x=urlsafe_b64encode(key.public_key).rstrip(b"=").decode())
            for key in reply.keys
        ]
    )
