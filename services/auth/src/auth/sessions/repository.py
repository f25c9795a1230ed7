"""SQL of sessions and refresh tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, insert, select, update

from auth.models import RefreshToken, User, UserSession
from auth.origin import Origin
from common.db import Reader, Session


async def insert_session(session: Session, opened: UserSession, token: RefreshToken) -> None:
    """In this order: the token refers to the session. Two statements."""
    session.add(opened)
    await session.flush()
    session.add(token)


async def lock_family(session: Session, token_hash: bytes) -> Row[*tuple[Any, ...]] | None:
    """The token, its session (locked) and its user.

    Only the session's row is locked, and so read anew after waiting; whether the token is the
    current one is therefore asked of the session.
    """
    statement = (
        select(
            RefreshToken.id.label("token_id"),
            RefreshToken.expires_at.label("token_expires_at"),
            RefreshToken.rotated_at,
            UserSession.id.label("session_id"),
            UserSession.current_token_id,
            UserSession.created_at.label("session_created_at"),
            UserSession.revoked_at,
            User.id.label("user_id"),
            User.email,
            User.display_name,
            User.created_at,
            User.roles,
        )
        .join(UserSession, UserSession.id == RefreshToken.session_id)
        .join(User, User.id == UserSession.user_id)
        .where(RefreshToken.token_hash == token_hash)
        .with_for_update(of=UserSession)
    )
    return (await session.execute(statement)).one_or_none()


async def rotate(
    session: Session, *, used_token_id: UUID, successor: RefreshToken, origin: Origin
) -> None:
    """Put the successor in the place of the used token. One statement."""
    moment = successor.created_at
    added = insert(RefreshToken).values(
        id=successor.id,
        session_id=successor.session_id,
        token_hash=successor.token_hash,
        created_at=moment,
        expires_at=successor.expires_at,
    )
    used = update(RefreshToken).where(RefreshToken.id == used_token_id).values(rotated_at=moment)
    seen = {"address": origin.address, "user_agent": origin.user_agent}
    renewed = (
        update(UserSession)
        .where(UserSession.id == successor.session_id)
        .values(
            current_token_id=successor.id,
            last_used_at=moment,
            expires_at=successor.expires_at,
            **{name: value for name, value in seen.items() if value is not None},
        )
        .add_cte(added.cte("added"), used.cte("used"))
    )
    await session.execute(renewed, execution_options={"synchronize_session": False})


async def page_of_sessions(
    session: Reader,
    user_id: UUID,
    *,
    before: UUID | None,
    limit: int,
    expired_since: datetime | None,
    with_revoked: bool,
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Newest first; without those expired at `expired_since`, if that is given."""
    statement = (
        select(
            UserSession.id,
            UserSession.created_at,
            UserSession.last_used_at,
            UserSession.expires_at,
            UserSession.revoked_at,
            UserSession.revoked_reason,
            UserSession.address,
            UserSession.user_agent,
        )
        .where(UserSession.user_id == user_id)
        .order_by(UserSession.id.desc())  # UUIDv7: the order of creation
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(UserSession.id < before)
    if expired_since is not None:
        statement = statement.where(UserSession.expires_at > expired_since)
    if not with_revoked:
        statement = statement.where(UserSession.revoked_at.is_(None))
    return (await session.execute(statement)).all()


async def revoke(
    session: Session,
    user_id: UUID,
    *,
    reason: str,
    at: datetime,
    only_id: UUID | None = None,
    except_id: UUID | None = None,
) -> Sequence[UUID]:
    """Revoke the user's live sessions, or the one named if it is not revoked; returns their ids."""
    theirs = _unrevoked(user_id)
    if only_id is not None:
        theirs = theirs.where(UserSession.id == only_id)
    else:
        theirs = theirs.where(UserSession.expires_at > at)
    if except_id is not None:
        theirs = theirs.where(UserSession.id != except_id)
    statement = (
        update(UserSession)
        .where(UserSession.id.in_(theirs))
        .values(revoked_at=at, revoked_reason=reason)
        .returning(UserSession.id)
    )
    unsynchronized = {"synchronize_session": False}
    return [row.id for row in await session.execute(statement, execution_options=unsynchronized)]


async def lock_live_sessions(session: Session, user_id: UUID, at: datetime) -> Sequence[UUID]:
    theirs = _unrevoked(user_id).where(UserSession.expires_at > at)
    return [row.id for row in await session.execute(theirs)]


def _unrevoked(user_id: UUID) -> Select[UUID]:
    """Locked in the order of their ids, so that two who revoke everything do not deadlock."""
    return (
        select(UserSession.id)
        .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
        .order_by(UserSession.id)
        .with_for_update()
    )
