"""Which access tokens are dead before they expire: learnt from auth's events."""

import time
from datetime import timedelta
from uuid import UUID

from common.errors import DomainError, Kind
from common.identity import Caller, InvalidToken

# A token lives 30 minutes at most (auth/settings.py); whatever was revoked longer ago has expired
# by itself. One minute more for clocks that differ.
LOOKBACK = timedelta(minutes=31)
SWEEP_EVERY = 1000


class UserNotFound(DomainError):
    kind = Kind.UNAUTHENTICATED
    reason = "USER_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("User not found")


class Revocations:
    """Sessions and users whose tokens are refused, each kept until the last token has expired."""

    def __init__(self) -> None:
        self._sessions: dict[UUID, float] = {}
        self._users: dict[UUID, float] = {}

    def revoke_session(self, session_id: UUID) -> None:
        _add(self._sessions, session_id)

    def delete_user(self, user_id: UUID) -> None:
        _add(self._users, user_id)

    def check(self, caller: Caller) -> None:
        if caller.session_id in self._sessions:
            raise InvalidToken
        if caller.user_id in self._users:
            raise UserNotFound


def _add(known: dict[UUID, float], key: UUID) -> None:
    now = time.monotonic()
    known[key] = now + LOOKBACK.total_seconds()
    if len(known) % SWEEP_EVERY == 0:
        for old in [one for one, until in known.items() if until < now]:
            del known[old]
