"""Every SQL statement of the ingest service."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import case, delete
from sqlalchemy.dialects.postgresql import insert

from common.db import Reader, Session
from ingest.models import Allowance, Idempotency


async def count_fetch(session: Reader, user_id: UUID, window_start: datetime) -> int:
    """Fetches of this person in the window, this one included; older windows are forgotten."""
    fresh = insert(Allowance).values(user_id=user_id, window_start=window_start, used=1)
    same_window = Allowance.window_start == fresh.excluded.window_start
    counted = fresh.on_conflict_do_update(
        index_elements=[Allowance.user_id],
        set_={
            "window_start": fresh.excluded.window_start,
            "used": case((same_window, Allowance.used + 1), else_=1),
        },
    ).returning(Allowance.used)
    used = await session.scalar(counted)
    if used is None:
        raise RuntimeError("an upsert always returns its row")
    return used


async def delete_allowance(session: Session, user_id: UUID) -> None:
    await session.execute(delete(Allowance).where(Allowance.user_id == user_id))


async def delete_keys_of(session: Session, user_id: UUID) -> None:
    await session.execute(delete(Idempotency).where(Idempotency.user_id == user_id))
