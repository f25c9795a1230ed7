"""SQL of the sweep; rows that someone is using are left for the next one."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from auth.models import AuditEntry, RefreshToken, Throttle, UserSession
from common.db import Session

BATCH = 1000


async def delete_refresh_tokens(session: Session, expired_before: datetime) -> bool:
    """These four say whether there may be more to delete."""
    return await _delete_some(session, [RefreshToken.id], RefreshToken.expires_at < expired_before)


async def delete_sessions(session: Session, ended_before: datetime) -> bool:
    ended_at = func.least(UserSession.expires_at, UserSession.revoked_at)
    return await _delete_some(session, [UserSession.id], ended_at < ended_before)


async def delete_throttle(session: Session, started_before: datetime) -> bool:
    return await _delete_some(
        session, [Throttle.kind, Throttle.key], Throttle.window_started_at < started_before
    )


async def delete_audit(session: Session, before: datetime) -> bool:
    return await _delete_some(session, [AuditEntry.id], AuditEntry.created_at < before)


async def _delete_some(
    session: Session, key: list[InstrumentedAttribute[Any]], is_over: ColumnElement[bool]
) -> bool:
    some = select(*key).where(is_over).limit(BATCH).with_for_update(skip_locked=True)
    statement = delete(key[0].class_).where(tuple_(*key).in_(some)).returning(key[0])
    deleted = await session.scalars(statement, execution_options={"synchronize_session": False})
    return len(deleted.all()) == BATCH
