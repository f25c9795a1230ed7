"""Signing keys: made, encrypted at rest, rotated, published until their tokens have expired."""

from collections.abc import Sequence
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from auth import audit
from auth.errors import WrongKeyPassword
from auth.keys import repository
from auth.models import SigningKey
from auth.tokens import Signer
from common.db import Reader, Session, new_id, now

# A replica may sign with a retired key until it looks again, and clocks differ.
MARGIN = timedelta(minutes=2)


async def ensure_key(session: Session, key_password: bytes) -> None:
    """Make the first key; of replicas that start together one makes it."""
    await repository.lock_keys(session)
    if await repository.signing_kid(session) is None:
        session.add(_new_key(key_password))


async def rotate(session: Session, *, key_password: bytes, token_life: timedelta) -> str:
    """The kid of a new key that signs from now on; keys whose tokens have expired are dropped."""
    await repository.lock_keys(session)
    moment = now()
    await repository.retire_keys(session, moment)
    await _drop_expired(session, token_life)
    key = _new_key(key_password)
    session.add_all([key, audit.entry(audit.Action.KEYS_ROTATED, detail=key.kid)])
    return key.kid


async def drop_expired(session: Session, token_life: timedelta) -> int:
    """How many they were. Two statements."""
    await repository.lock_keys(session)
    return await _drop_expired(session, token_life)


async def published(session: Reader, token_life: timedelta) -> Sequence[tuple[str, bytes]]:
    """kid and raw public key of every key whose tokens may still be valid, the signing one first.

    One statement.
    """
    rows = await repository.published_keys(session, now() - token_life - MARGIN)
    return [(row.kid, row.public_key) for row in rows]


async def encrypted_signing_key(session: Reader) -> tuple[str, bytes]:
    """kid and encrypted PEM. One statement."""
    row = await repository.signing_key(session)
    if row is None:
        raise RuntimeError("No signing key: the table was emptied while the service ran.")
    return row.kid, row.private_key.encode()


def decrypt(kid: str, pem: bytes, key_password: bytes) -> Signer:
    """Slow on purpose (a key derivation): done once for each key, off the event loop."""
    try:
        key = load_pem_private_key(pem, key_password)
    except ValueError:
        raise WrongKeyPassword(kid) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"Signing key {kid} is not an Ed25519 key.")
    return Signer(kid, key)


async def _drop_expired(session: Session, token_life: timedelta) -> int:
    return await repository.delete_keys(session, now() - token_life - MARGIN)


def _new_key(key_password: bytes) -> SigningKey:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(key_password)
    )
    return SigningKey(
        kid=str(new_id()),
        private_key=pem.decode(),
        public_key=key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
        created_at=now(),
    )
