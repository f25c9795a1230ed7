"""Who is calling: access tokens, verified here and never by asking."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from common.errors import DomainError, Kind

ALGORITHM = "EdDSA"
ISSUER = "tastebuds"
AUDIENCE = "tastebuds"
REQUIRED_CLAIMS = ("sub", "sid", "iat", "exp", "iss", "aud", "roles")
ADMIN = "admin"

KEYS_MAX_AGE_SECONDS = 600
KEYS_MIN_AGE_SECONDS = 1
# Between attempts to renew known keys while auth is away.
KEYS_RETRY_SECONDS = 5
CACHED_TOKENS = 10_000

FetchKeys = Callable[[], Awaitable[Mapping[str, Ed25519PublicKey]]]


class InvalidToken(DomainError):
    """The same answer for a forged, expired or unreadable token: the holder learns nothing."""

    kind = Kind.UNAUTHENTICATED
    reason = "INVALID_TOKEN"

    def __init__(self) -> None:
        super().__init__("Invalid token")


class AdminRequired(DomainError):
    kind = Kind.FORBIDDEN
    reason = "ADMIN_REQUIRED"

    def __init__(self, purpose: str = "operations diagnostics") -> None:
        super().__init__(f"Admin access required for {purpose}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The person behind an access token."""

    user_id: UUID
    session_id: UUID
    roles: frozenset[str]
    token: str = field(repr=False)
    expires_at: float

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.roles


class TokenVerifier:
    """Verifies access tokens (RFC 7519, RFC 8037) with public keys that it keeps.

    `fetch_keys` is asked when a token names a key not yet known, at most every few seconds, and
    now and then so that withdrawn keys are forgotten; while it fails, known keys go on working.
    """

    def __init__(
        self, fetch_keys: FetchKeys, *, keys_max_age: float = KEYS_MAX_AGE_SECONDS
    ) -> None:
        self._fetch_keys = fetch_keys
        self._keys_max_age = keys_max_age
        self._keys: Mapping[str, Ed25519PublicKey] = {}
        self._fetched_at = self._renewed_at = float("-inf")
        self._fetching = asyncio.Lock()
        self._verified: dict[str, Caller] = {}

    async def verify(self, token: str) -> Caller:
        known = self._verified.get(token)
        if known is not None:
            if known.expires_at > time.time():
                return known
            del self._verified[token]
            raise InvalidToken
        caller = self._read(token, await self._key_for(token))
        if len(self._verified) >= CACHED_TOKENS:
            self._verified.clear()
        self._verified[token] = caller
        return caller

    async def _key_for(self, token: str) -> Ed25519PublicKey:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except (jwt.PyJWTError, ValueError):
            raise InvalidToken from None
        age = time.monotonic() - self._fetched_at
        if kid not in self._keys:
            if age > KEYS_MIN_AGE_SECONDS:
                await self._refresh_keys()
        elif age > self._keys_max_age:
            await self._renew_keys()
        key = self._keys.get(str(kid))
        if key is None:
            raise InvalidToken
        return key

    async def _renew_keys(self) -> None:
        """One caller asks, the others go on with what is known; so does it when nobody answers."""
        if self._renewed_at > time.monotonic() - KEYS_RETRY_SECONDS:
            return
        self._renewed_at = time.monotonic()
        with suppress(DomainError):
            await self._refresh_keys()

    async def _refresh_keys(self) -> None:
        began = time.monotonic()
        async with self._fetching:
            if self._fetched_at > began:
                return
            keys = await self._fetch_keys()
            if keys.keys() != self._keys.keys():
                self._verified.clear()
            self._keys = keys
            self._fetched_at = time.monotonic()

    @staticmethod
    def _read(token: str, key: Ed25519PublicKey) -> Caller:
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": list(REQUIRED_CLAIMS)},
            )
            return Caller(
                user_id=UUID(claims["sub"]),
                session_id=UUID(claims["sid"]),
                roles=frozenset(map(str, claims["roles"])),
                token=token,
                expires_at=float(claims["exp"]),
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            raise InvalidToken from None
