"""Accounts. What needs a password has two halves, with the hashing between them.

The first half admits the attempt, the second acts on the verdict; no transaction is open while
argon2 runs, so the second half makes sure that nothing changed meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from auth import audit, events
from auth.accounts import repository
from auth.errors import (
    AccountNotFound,
    EmailAlreadyRegistered,
    InvalidDisplayName,
    InvalidEmail,
    UserNotFound,
)
from auth.models import MAX_DISPLAY_NAME, MAX_EMAIL, User
from auth.origin import Origin
from auth.passwords import Verdict
from auth.sessions import service as sessions
from auth.sessions.service import Grant, Lifetimes, Person, Reason
from auth.throttle import service as throttle
from auth.throttle.service import Limits
from common.db import Reader, Session, new_id, now
from common.identity import Caller, InvalidToken


@dataclass(frozen=True, slots=True)
class StoredPassword:
    user_id: UUID
    password_hash: str
    version: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """Someone who claims to know the password of an account, if there is one."""

    email: str
    origin: Origin
    stored: StoredPassword | None

    @property
    def user_id(self) -> UUID | None:
        return self.stored.user_id if self.stored else None

    @property
    def password_hash(self) -> str | None:
        return self.stored.password_hash if self.stored else None


def normal_email(raw: str) -> str:
    """Lower case, as it is stored and looked up."""
    if len(raw) > MAX_EMAIL:
        raise InvalidEmail
    try:
        email = validate_email(raw, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise InvalidEmail from None
    if len(email) > MAX_EMAIL:
        raise InvalidEmail
    return email


def normal_display_name(raw: str | None) -> str | None:
    name = (raw or "").strip()
    if len(name) > MAX_DISPLAY_NAME or "\0" in name:
        raise InvalidDisplayName(MAX_DISPLAY_NAME)
    return name or None


async def admit_registration(
    session: Session, *, email: str, origin: Origin, limits: Limits
) -> bool:
    """False when the address is taken; the attempt counts all the same. Two statements."""
    await throttle.admit_registration(session, origin=origin, limits=limits)
    return not await repository.email_is_taken(session, email)


async def register(session: Session, *, user: User, origin: Origin, lifetimes: Lifetimes) -> Grant:
    if not await repository.insert_user(session, user):
        raise EmailAlreadyRegistered
    person = _person(user)
    grant = await sessions.open_session(session, person=person, origin=origin, lifetimes=lifetimes)
    session.add_all(
        [
            events.user_registered(user.id, user.created_at),
            audit.entry(audit.Action.REGISTERED, user.id, origin, session_id=grant.session_id),
        ]
    )
    return grant


def new_user(email: str, password_hash: str, display_name: str | None) -> User:
    return User(
        id=new_id(),
        email=email,
        display_name=display_name,
        password_hash=password_hash,
        password_version=1,
        roles=[],
        created_at=now(),
    )


async def begin_login(
    session: Session, *, raw_email: str, origin: Origin, limits: Limits
) -> Attempt:
    """Two statements, whether or not the account exists. LoginThrottled."""
    try:
        email = normal_email(raw_email)
    except InvalidEmail:
        # No account has it; a look-up with its harmless beginning costs what others cost.
        email = raw_email.replace("\0", "")[:MAX_EMAIL].lower()
    await throttle.admit_login(session, email=email, origin=origin, limits=limits)
    found = await repository.password_of(session, email)
    if found is None:
        return Attempt(email, origin, None)
    stored = StoredPassword(found.id, found.password_hash, found.password_version)
    return Attempt(email, origin, stored)


async def finish_login(
    session: Session, *, attempt: Attempt, verdict: Verdict, lifetimes: Lifetimes
) -> Grant | None:
    """None when the login is refused: commit all the same, the log says so."""
    user = await _unchanged(session, attempt, verdict, for_update=verdict.rehashed is not None)
    if user is None:
        session.add(audit.entry(audit.Action.LOGIN_FAILED, attempt.user_id, attempt.origin))
        return None
    if verdict.rehashed is not None:
        user.password_hash = verdict.rehashed
    grant = await sessions.open_session(
        session, person=_person(user), origin=attempt.origin, lifetimes=lifetimes
    )
    session.add(
        audit.entry(audit.Action.LOGGED_IN, user.id, attempt.origin, session_id=grant.session_id)
    )
    await session.flush()
    await throttle.forgive_login(session, email=attempt.email, origin=attempt.origin)
    return grant


async def get_account(session: Reader, *, caller: Caller) -> Person:
    """One statement. UserNotFound when the account is gone, InvalidToken when the session is."""
    person, _ = await _account(session, caller)
    return person


async def update_account(session: Session, *, caller: Caller, display_name: str | None) -> Person:
    person, _ = await _account(session, caller)
    if person.display_name == display_name:
        return person
    await repository.set_display_name(session, person.id, display_name)
    session.add(events.user_changed(person.id))
    return Person(person.id, person.email, display_name, person.created_at, person.roles)


async def begin_confirmation(
    session: Session, *, caller: Caller, origin: Origin, limits: Limits
) -> Attempt:
    """A signed-in caller is to say the current password once more; throttled like a login."""
    person, stored = await _account(session, caller)
    await throttle.admit_login(session, email=person.email, origin=origin, limits=limits)
    return Attempt(person.email, origin, stored)


async def change_password(
    session: Session,
    *,
    attempt: Attempt,
    verdict: Verdict,
    new_hash: str,
    keep_session_id: UUID,
) -> bool:
    """False when the current password was wrong, or changed meanwhile."""
    user = await _confirmed(session, attempt, verdict)
    if user is None:
        return False
    user.password_hash = new_hash
    user.password_version += 1
    await sessions.revoke_all(
        session,
        user_id=user.id,
        reason=Reason.PASSWORD_CHANGED,
        origin=attempt.origin,
        except_id=keep_session_id,
    )
    session.add(audit.entry(audit.Action.PASSWORD_CHANGED, user.id, attempt.origin))
    await session.flush()
    await throttle.forgive_login(session, email=attempt.email, origin=attempt.origin)
    return True


async def delete_account(session: Session, *, attempt: Attempt, verdict: Verdict) -> bool:
    """False when the password was wrong."""
    user = await _confirmed(session, attempt, verdict)
    if user is None:
        return False
    moment = now()
    await sessions.end_deleted(session, user_id=user.id, at=moment)
    await repository.delete_user(session, user.id)
    session.add_all(
        [
            events.user_deleted(user.id, moment),
            audit.entry(audit.Action.ACCOUNT_DELETED, user.id, attempt.origin),
        ]
    )
    await session.flush()
    await throttle.forgive_login(session, email=attempt.email, origin=attempt.origin)
    return True


async def grant_role(session: Session, *, email: str, role: str) -> bool:
    """False when the account has it already. AccountNotFound."""
    user_id, roles = await _account_named(session, email)
    if role in roles:
        return False
    await repository.set_roles(session, user_id, sorted([*roles, role]))
    session.add_all(
        [
            events.user_changed(user_id),
            audit.entry(audit.Action.ROLE_GRANTED, user_id, detail=role),
        ]
    )
    return True


async def revoke_role(session: Session, *, email: str, role: str) -> bool:
    """Take the role and end every session: their access tokens would carry it on.

    False when the account does not have it. AccountNotFound.
    """
    user_id, roles = await _account_named(session, email)
    if role not in roles:
        return False
    await repository.set_roles(session, user_id, [other for other in roles if other != role])
    await sessions.revoke_all(session, user_id=user_id, reason=Reason.ROLE_REVOKED, origin=Origin())
    session.add_all(
        [
            events.user_changed(user_id),
            audit.entry(audit.Action.ROLE_REVOKED, user_id, detail=role),
        ]
    )
    return True


async def list_role(session: Session, *, role: str) -> Sequence[str]:
    """E-mail addresses of those who have it."""
    return await repository.emails_with_role(session, role)


async def _unchanged(
    session: Session, attempt: Attempt, verdict: Verdict, *, for_update: bool
) -> User | None:
    """The user, if the password was right and still is."""
    if not verdict.is_right or attempt.stored is None:
        return None
    stored = attempt.stored
    return await repository.hold_if_unchanged(
        session, stored.user_id, stored.version, for_update=for_update
    )


async def _confirmed(session: Session, attempt: Attempt, verdict: Verdict) -> User | None:
    user = await _unchanged(session, attempt, verdict, for_update=True)
    if user is None:
        session.add(audit.entry(audit.Action.PASSWORD_REFUSED, attempt.user_id, attempt.origin))
    return user


async def _account(session: Reader, caller: Caller) -> tuple[Person, StoredPassword]:
    row = await repository.account_and_session(session, caller.user_id, caller.session_id)
    if row is None:
        raise UserNotFound
    if row.live_session_id is None:
        raise InvalidToken
    person = Person(row.id, row.email, row.display_name, row.created_at, row.roles)
    return person, StoredPassword(row.id, row.password_hash, row.password_version)


async def _account_named(session: Session, email: str) -> tuple[UUID, list[str]]:
    try:
        found = await repository.lock_by_email(session, normal_email(email))
    except InvalidEmail:
        found = None
    if found is None:
        raise AccountNotFound(email)
    return found.id, found.roles


def _person(user: User) -> Person:
    return Person(user.id, user.email, user.display_name, user.created_at, user.roles)
