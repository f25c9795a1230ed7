"""SQL of what a person may cause in a minute, and of requests that were sent twice."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import case, delete
from sqlalchemy.dialects.postgresql import insert

from common.db import Reader, Session
from ingest.models import Allowance, AllowanceRow, Idempotency, SearchAllowance


async def count_use(
    session: Reader, table: type[AllowanceRow], user_id: UUID, window_start: datetime
) -> int:
    """Uses of this person in the window, this one included; older windows are forgotten."""
    fresh = insert(table).values(user_id=user_id, window_start=window_start, used=1)
    same_window = table.window_start == fresh.excluded.window_start
    counted = fresh.on_conflict_do_update(
        index_elements=[table.user_id],
        set_={
            "window_start": fresh.excluded.window_start,
            "used": case((same_window, table.used + 1), else_=1),
        },
    ).returning(table.used)
    used = await session.scalar(counted)
    if used is None:
        raise RuntimeError("an upsert always returns its row")
    return used


async def delete_allowances(session: Session, user_id: UUID) -> None:
    for table in (Allowance, SearchAllowance):
        await session.execute(delete(table).where(table.user_id == user_id))


async def delete_keys_of(session: Session, user_id: UUID) -> None:
    await session.execute(delete(Idempotency).where(Idempotency.user_id == user_id))
