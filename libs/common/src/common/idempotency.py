"""Idempotency keys: a write that is sent twice is done once, and answered twice."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import DateTime, String, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from common.db import Session, now
from common.deleting import delete_some
from common.errors import DomainError, Kind

Reply = TypeVar("Reply", bound=Message)

MAX_KEY_LENGTH = 255
# Nobody sends a request again after so long.
KEPT = timedelta(days=7)


class IdempotencyRow:
    """Mixin; each service declares `class Idempotency(IdempotencyRow, Base)` in its own schema."""

    __tablename__ = "idempotency_keys"
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(MAX_KEY_LENGTH), primary_key=True)
    request_hash: Mapped[bytes]
    reply: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )

    @classmethod
    async def sweep(cls, session: Session, limit: int) -> int:
        """Forget old keys; see common.sweeps.Batch."""
        return await delete_some(session, cls, cls.created_at < now() - KEPT, limit)


class IdempotencyKeyReused(DomainError):
    kind = Kind.CONFLICT
    reason = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self, key: str) -> None:
        super().__init__(f"Idempotency-Key {key!r} was used for another request.", key=key)


@dataclass(frozen=True, slots=True)
class Once:
    """One write of one person: its key (empty means no protection) and what it asks."""

    user_id: UUID
    key: str
    request: Message

    async def run(
        self,
        session: Session,
        table: type[IdempotencyRow],
        write: Callable[[], Awaitable[Reply]],
        reply_type: type[Reply],
    ) -> Reply:
        """The reply of `write`, or of the earlier call with this key.

        A parallel call waits at the row until the first one has committed or failed.
        """
        if not self.key:
            return await write()
        rows: Any = table.__table__  # type: ignore[attr-defined]
        mine = (rows.c.user_id == self.user_id) & (rows.c.key == self.key)
        request_hash = hashlib.sha256(self.request.SerializeToString(deterministic=True)).digest()
        claim = insert(rows).values(user_id=self.user_id, key=self.key, request_hash=request_hash)
        claimed = await session.execute(claim.on_conflict_do_nothing().returning(rows.c.key))
        if claimed.scalar_one_or_none() is None:
            earlier = (await session.execute(select(rows).where(mine))).one()
            if earlier.request_hash != request_hash:
                raise IdempotencyKeyReused(self.key)
            return reply_type.FromString(earlier.reply)
        reply = await write()
        stored = update(rows).where(mine).values(reply=reply.SerializeToString())
        await session.execute(stored)
        return reply
