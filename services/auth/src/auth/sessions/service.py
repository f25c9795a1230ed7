"""Sessions: opened, renewed, listed, revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from auth import audit, events, tokens
from auth.errors import InvalidPageSize, RefreshTokenJustUsed, SessionNotFound
from auth.models import RefreshToken, UserSession
from auth.origin import Origin
from auth.sessions import repository
from common.db import Reader, Session, new_id, now

DEFAULT_PAGE = 50
LARGEST_PAGE = 200


class Reason(StrEnum):
    """Why a session was revoked."""

    LOGOUT = "logout"
    USER_REVOKED = "user_revoked"
    REUSED_TOKEN = "reused_token"  # noqa: S105  a name
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  a name
    ROLE_REVOKED = "role_revoked"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """`grace`: a refresh token used again within it was clicked twice, later it was stolen."""

    access_token: timedelta
    refresh_token: timedelta
    session: timedelta
    grace: timedelta


@dataclass(frozen=True, slots=True)
class Person:
    """A user as the outside sees them."""

    id: UUID
    email: str
    display_name: str | None
    created_at: datetime
    roles: Sequence[str]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a session that was opened or renewed entitles to; the refresh token is shown once."""

    person: Person
    session_id: UUID
    issued_at: datetime
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionView:
    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    revoked_reason: str | None
    address: str | None
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class Filters:
    include_expired: bool
    include_revoked: bool


async def open_session(
    session: Session, *, person: Person, origin: Origin, lifetimes: Lifetimes
) -> Grant:
    """Two statements."""
    moment, session_id = now(), new_id()
    grant, token = _grant(person, session_id, moment, moment + lifetimes.session, lifetimes)
    opened = UserSession(
        id=session_id,
        user_id=person.id,
        current_token_id=token.id,
        created_at=moment,
        last_used_at=moment,
        expires_at=token.expires_at,
        address=origin.address,
        user_agent=origin.user_agent,
    )
    await repository.insert_session(session, opened, token)
    return grant


async def refresh(
    session: Session, *, refresh_token: str, origin: Origin, lifetimes: Lifetimes
) -> Grant | None:
    """Two statements. None when the token is refused: commit all the same, a family may end here.

    The session's row lock lets one of parallel calls win; the others find the token used.
    """
    family = await repository.lock_family(session, tokens.refresh_token_hash(refresh_token))
    moment = now()
    if family is None or family.revoked_at is not None or family.token_expires_at <= moment:
        return None
    if family.current_token_id != family.token_id:
        # Rotated while this call waited for the lock: read as None, and just now.
        rotated_at = family.rotated_at or moment
        if moment - rotated_at <= lifetimes.grace:
            raise RefreshTokenJustUsed
        await revoke_all(
            session,
            user_id=family.user_id,
            reason=Reason.REUSED_TOKEN,
            origin=origin,
            only_id=family.session_id,
        )
        return None
    person = Person(
        family.user_id, family.email, family.display_name, family.created_at, family.roles
    )
    ends_at = family.session_created_at + lifetimes.session
    grant, successor = _grant(person, family.session_id, moment, ends_at, lifetimes)
    await repository.rotate(
        session, used_token_id=family.token_id, successor=successor, origin=origin
    )
    return grant


async def log_out(session: Session, *, refresh_token: str, origin: Origin) -> None:
    """Revoke the session of the token, whichever of its tokens it is; unknown ones are no error."""
    family = await repository.lock_family(session, tokens.refresh_token_hash(refresh_token))
    if family is not None:
        await revoke_all(
            session,
            user_id=family.user_id,
            reason=Reason.LOGOUT,
            origin=origin,
            only_id=family.session_id,
        )


async def list_sessions(
    session: Reader, *, user_id: UUID, filters: Filters, before: UUID | None, page_size: int
) -> tuple[list[SessionView], UUID | None]:
    """A page, newest first, and the id after which the next one starts. One statement."""
    if page_size < 0:
        raise InvalidPageSize
    size = min(page_size or DEFAULT_PAGE, LARGEST_PAGE)
    rows = await repository.page_of_sessions(
        session,
        user_id,
        before=before,
        limit=size + 1,
        expired_since=None if filters.include_expired else now(),
        with_revoked=filters.include_revoked,
    )
    views = [_view(row) for row in rows[:size]]
    return views, views[-1].id if len(rows) > size else None


async def revoke_one(session: Session, *, user_id: UUID, session_id: UUID, origin: Origin) -> None:
    revoked = await revoke_all(
        session, user_id=user_id, reason=Reason.USER_REVOKED, origin=origin, only_id=session_id
    )
    if not revoked:
        raise SessionNotFound


async def revoke_all(
    session: Session,
    *,
    user_id: UUID,
    reason: Reason,
    origin: Origin,
    only_id: UUID | None = None,
    except_id: UUID | None = None,
) -> int:
    """Revoke sessions of one user, tell everyone, return how many. One statement, three if any."""
    moment = now()
    revoked = await repository.revoke(
        session, user_id, reason=reason, at=moment, only_id=only_id, except_id=except_id
    )
    session.add_all(events.session_revoked(one, user_id, moment) for one in revoked)
    session.add_all(
        audit.entry(
            audit.Action.SESSION_REVOKED, user_id, origin, session_id=one, detail=reason.value
        )
        for one in revoked
    )
    return len(revoked)


async def end_deleted(session: Session, *, user_id: UUID, at: datetime) -> None:
    """Tell everyone that the sessions of an account end that is about to be deleted."""
    ended = await repository.lock_live_sessions(session, user_id, at)
    session.add_all(events.session_revoked(one, user_id, at) for one in ended)


def _view(row: Any) -> SessionView:
    return SessionView(
        id=row.id,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        revoked_reason=row.revoked_reason,
        address=row.address,
        user_agent=row.user_agent,
    )


def _grant(
    person: Person, session_id: UUID, moment: datetime, ends_at: datetime, lifetimes: Lifetimes
) -> tuple[Grant, RefreshToken]:
    """The sliding life of the refresh token ends with the session at the latest; so does access."""
    refresh_token = tokens.new_refresh_token()
    refresh_expires_at = min(moment + lifetimes.refresh_token, ends_at)
    row = RefreshToken(
        id=new_id(),
        session_id=session_id,
        token_hash=tokens.refresh_token_hash(refresh_token),
        created_at=moment,
        expires_at=refresh_expires_at,
    )
    grant = Grant(
        person=person,
        session_id=session_id,
        issued_at=moment,
        access_expires_at=min(moment + lifetimes.access_token, ends_at),
        refresh_token=refresh_token,
        refresh_expires_at=refresh_expires_at,
    )
    return grant, row
