"""The keys as one process holds them: which one signs, which ones verify."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from auth.keys import service
from auth.tokens import Signer
from common.db import Database


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """`fresh_seconds`: how long the signing key is used before a newer one is looked for."""

    password: bytes
    token_life: timedelta
    fresh_seconds: float


class KeyRing:
    """The signing key is kept for a moment; the public keys are always read: that is rare."""

    def __init__(self, database: Database, policy: KeyPolicy) -> None:
        self._database = database
        self._policy = policy
        self._signer: Signer | None = None
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()

    async def open(self) -> None:
        """Make the first key where there is none, and be ready to sign."""
        async with self._database.sessions.begin() as session:
            await service.ensure_key(session, self._policy.password)
        await self.signer()

    async def signer(self) -> Signer:
        """Asked before the transaction that hands out tokens, which must not fail after it."""
        async with self._looking:
            age = time.monotonic() - self._looked_at
            if self._signer is None or age > self._policy.fresh_seconds:
                self._signer = await self._look()
                self._looked_at = time.monotonic()
            return self._signer

    async def _look(self) -> Signer:
        async with self._database.readers() as session:
            kid, pem = await service.encrypted_signing_key(session)
        if self._signer is not None and self._signer.kid == kid:
            return self._signer
        return await asyncio.to_thread(service.decrypt, kid, pem, self._policy.password)

    async def published(self) -> Sequence[tuple[str, bytes]]:
        async with self._database.readers() as session:
            return await service.published(session, self._policy.token_life)

    async def verification_keys(self) -> Mapping[str, Ed25519PublicKey]:
        return {kid: Ed25519PublicKey.from_public_bytes(raw) for kid, raw in await self.published()}


def read_password(file: Path) -> bytes:
    """The secret of the file, without the line end that editors add."""
    password = file.read_bytes().strip()
    if not password:
        raise ValueError(f"{file} is empty: signing keys need a password.")
    return password
