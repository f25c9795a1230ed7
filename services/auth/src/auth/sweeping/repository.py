"""SQL of the sweeps; rows that someone is using are left for the next one."""

from datetime import datetime

from sqlalchemy import func

from auth.models import AuditEntry, RefreshToken, Throttle, UserSession
from common.db import Session
from common.deleting import delete_some


async def delete_refresh_tokens(session: Session, expired_before: datetime, limit: int) -> int:
    """These four say how many they deleted."""
    return await delete_some(session, RefreshToken, RefreshToken.expires_at < expired_before, limit)


async def delete_sessions(session: Session, ended_before: datetime, limit: int) -> int:
    ended_at = func.least(UserSession.expires_at, UserSession.revoked_at)
    return await delete_some(session, UserSession, ended_at < ended_before, limit)


async def delete_throttle(session: Session, started_before: datetime, limit: int) -> int:
    return await delete_some(session, Throttle, Throttle.window_started_at < started_before, limit)


async def delete_audit(session: Session, before: datetime, limit: int) -> int:
    return await delete_some(session, AuditEntry, AuditEntry.created_at < before, limit)
