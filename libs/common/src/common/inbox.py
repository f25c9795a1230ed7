"""Inbox: the messages whose effects are in the database, so that none has them twice."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from common.db import Session, now
from common.deleting import delete_some

# Longer than the streams keep a message that could come again.
KEPT = timedelta(days=31)


class InboxRow:
    """Mixin; each service declares `class Inbox(InboxRow, Base)` in its own schema."""

    __tablename__ = "inbox"
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )

    @classmethod
    async def sweep(cls, session: Session, limit: int) -> int:
        """Forget messages that cannot come again; see common.sweeps.Batch."""
        return await delete_some(session, cls, cls.received_at < now() - KEPT, limit)


async def is_first(session: Session, inbox: type[InboxRow], message_id: UUID) -> bool:
    """Note the message; False when it was here before. Waits for a twin under way."""
    rows: Any = inbox.__table__  # type: ignore[attr-defined]
    note = insert(rows).values(message_id=message_id).on_conflict_do_nothing()
    noted = await session.execute(note.returning(rows.c.message_id))
    return noted.scalar_one_or_none() is not None
