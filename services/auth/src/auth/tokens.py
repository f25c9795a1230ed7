"""What a session hands out: signed access tokens, opaque refresh tokens."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.identity import ALGORITHM, AUDIENCE, ISSUER

REFRESH_TOKEN_BYTES = 64


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that signs now (RFC 8037)."""

    kid: str
    key: Ed25519PrivateKey

    def access_token(
        self,
        user_id: UUID,
        session_id: UUID,
        roles: Sequence[str],
        *,
        issued_at: datetime,
        expires_at: datetime,
    ) -> str:
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": str(session_id),
            "iat": int(issued_at.timestamp()),
            "exp": int(expires_at.timestamp()),
            "roles": list(roles),
        }
        return jwt.encode(claims, self.key, algorithm=ALGORITHM, headers={"kid": self.kid})


def new_refresh_token() -> str:
    return secrets.token_urlsafe(REFRESH_TOKEN_BYTES)


def refresh_token_hash(token: str) -> bytes:
    """A plain hash will do: nobody guesses 512 random bits."""
    return hashlib.sha256(token.encode()).digest()
