"""SQL of the signing keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, delete, select, text, update

from auth.models import SigningKey
from common.db import Reader, Session

LOCK = "auth signing keys"


async def lock_keys(session: Session) -> None:
    """Until the end of the transaction nobody else makes or retires a key."""
    await session.execute(text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": LOCK})


async def signing_kid(session: Session) -> str | None:
    return await session.scalar(select(SigningKey.kid).where(SigningKey.retired_at.is_(None)))


async def signing_key(session: Reader) -> Row[str, str] | None:
    """kid and encrypted private key of the key that signs."""
    statement = select(SigningKey.kid, SigningKey.private_key)
    found = await session.execute(statement.where(SigningKey.retired_at.is_(None)))
    return found.one_or_none()


async def published_keys(session: Reader, retired_after: datetime) -> Sequence[Row[str, bytes]]:
    """kid and public key, the signing one first."""
    statement = (
        select(SigningKey.kid, SigningKey.public_key)
        .where(SigningKey.retired_at.is_(None) | (SigningKey.retired_at > retired_after))
        .order_by(SigningKey.retired_at.desc().nulls_first(), SigningKey.created_at.desc())
    )
    return (await session.execute(statement)).all()


async def retire_keys(session: Session, at: datetime) -> None:
    await session.execute(
        update(SigningKey).where(SigningKey.retired_at.is_(None)).values(retired_at=at)
    )


async def delete_keys(session: Session, retired_before: datetime) -> int:
    """How many they were."""
    old = delete(SigningKey).where(SigningKey.retired_at <= retired_before)
    return len((await session.scalars(old.returning(SigningKey.kid))).all())
