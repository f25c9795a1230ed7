"""The sweeps that every service has: of what its messages leave behind."""

from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select

from common.db import Session, now
from common.mending import DeadLetters
from common.outbox import OutboxRow
from common.sweeps import Sweep
from common.tables import Tables

STALE = timedelta(hours=1)
LETTERS_AT_ONCE = 200


def housekeeping(tables: Tables, letters: DeadLetters, kept: timedelta) -> list[Sweep]:
    """`kept` is for how long dead letters are."""
    sweeps = [
        Sweep(
            "outbox",
            "0 5 * * * *",
            "Wakes the relay of the outbox; counts messages that have waited for over an hour.",
            partial(_wake_relay, tables.outbox),
        ),
        Sweep(
            "dead_letters",
            "0 15 * * * *",
            "Deletes dead letters past their retention, discarded ones too.",
            partial(_delete_letters, letters, kept),
            batch=LETTERS_AT_ONCE,
        ),
    ]
    if tables.inbox is not None:
        words = "Forgets messages of events that cannot come again."
        sweeps.append(Sweep("inbox", "0 25 * * * *", words, tables.inbox.sweep))
    if tables.idempotency is not None:
        words = "Forgets idempotency keys that nobody will send again."
        sweeps.append(Sweep("idempotency_keys", "0 35 * * * *", words, tables.idempotency.sweep))
    return sweeps


async def _wake_relay(table: type[OutboxRow], session: Session, limit: int) -> int:
    """Nothing is deleted, so that counting once is enough: it never reaches `limit`."""
    rows: Any = table.__table__  # type: ignore[attr-defined]
    stale = select(rows.c.id).where(rows.c.created_at < now() - STALE).limit(limit - 1)
    count: int = await session.scalar(select(func.count()).select_from(stale.subquery())) or 0
    if count:
        await session.execute(select(func.pg_notify(f"{rows.schema}_outbox", "")))
    return count


async def _delete_letters(letters: DeadLetters, kept: timedelta, _: Session, limit: int) -> int:
    return await letters.forget(now() - kept, limit)
