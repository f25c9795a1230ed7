"""SQL of accounts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, any_, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from auth.models import User, UserSession
from common.db import Reader, Session


async def email_is_taken(session: Session, email: str) -> bool:
    return await session.scalar(select(User.id).where(User.email == email)) is not None


async def insert_user(session: Session, user: User) -> bool:
    """False when the address was taken, even a moment ago."""
    row = insert(User).values(
        id=user.id,
        email=user.email,
        display_name=user.display_name,
        password_hash=user.password_hash,
        password_version=user.password_version,
        roles=user.roles,
        created_at=user.created_at,
    )
    added = row.on_conflict_do_nothing(index_elements=[User.email]).returning(User.id)
    return await session.scalar(added) is not None


async def password_of(session: Session, email: str) -> Row[UUID, str, int] | None:
    statement = select(User.id, User.password_hash, User.password_version)
    return (await session.execute(statement.where(User.email == email))).one_or_none()


async def hold_if_unchanged(
    session: Session, user_id: UUID, password_version: int, *, for_update: bool
) -> User | None:
    """The user, if the password is still the verified one, and stays so until the commit.

    Those who only read hold the row together.
    """
    statement = select(User).where(User.id == user_id, User.password_version == password_version)
    return await session.scalar(statement.with_for_update(read=not for_update))


async def account_and_session(
    session: Reader, user_id: UUID, session_id: UUID
) -> Row[*tuple[Any, ...]] | None:
    """The account, with `live_session_id` set if the session is theirs and not revoked."""
    theirs = and_(
        UserSession.id == session_id,
        UserSession.user_id == User.id,
        UserSession.revoked_at.is_(None),
    )
    statement = (
        select(
            User.id,
            User.email,
            User.display_name,
            User.created_at,
            User.roles,
            User.password_hash,
            User.password_version,
            UserSession.id.label("live_session_id"),
        )
        .outerjoin(UserSession, theirs)
        .where(User.id == user_id)
    )
    return (await session.execute(statement)).one_or_none()


async def set_display_name(session: Session, user_id: UUID, display_name: str | None) -> None:
    await _update(session, user_id, display_name=display_name)


async def set_roles(session: Session, user_id: UUID, roles: Sequence[str]) -> None:
    await _update(session, user_id, roles=list(roles))


async def delete_user(session: Session, user_id: UUID) -> None:
    """With the sessions and refresh tokens, by cascade."""
    await session.execute(delete(User).where(User.id == user_id))


async def lock_by_email(session: Session, email: str) -> Row[UUID, list[str]] | None:
    statement = select(User.id, User.roles).where(User.email == email).with_for_update()
    return (await session.execute(statement)).one_or_none()


async def emails_with_role(session: Session, role: str) -> Sequence[str]:
    statement = select(User.email).where(any_(User.roles) == role).order_by(User.email)
    return (await session.scalars(statement)).all()


async def _update(session: Session, user_id: UUID, **values: object) -> None:
    await session.execute(
        update(User).where(User.id == user_id).values(**values),
        execution_options={"synchronize_session": False},
    )
