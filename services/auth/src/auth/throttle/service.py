"""Failed attempts are slowed down per account and per network, the same for unknown accounts.

An attempt is counted before the password is checked and taken back when it was right: however
many guesses arrive at the same moment, only so many of them are checked.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from auth.errors import LoginThrottled, RegistrationThrottled
from auth.origin import Origin
from auth.throttle import repository
from auth.throttle.repository import Key
from common.db import Session

ACCOUNT, ADDRESS, REGISTRATION = "account", "address", "registration"


@dataclass(frozen=True, slots=True)
class Limits:
    """Attempts allowed within the window, and the blocks that follow."""

    account: int
    address: int
    registration: int
    window: timedelta
    first_block: timedelta
    longest_block: timedelta


async def admit_login(session: Session, *, email: str, origin: Origin, limits: Limits) -> None:
    """One statement, one more when refused. LoginThrottled: roll back, nothing counts."""
    blocked = await _count(session, _login_keys(email, origin), limits)
    if blocked is not None:
        raise LoginThrottled(blocked)


async def forgive_login(session: Session, *, email: str, origin: Origin) -> None:
    """The password was right: the account starts anew, the network gets this attempt back."""
    await repository.forgive(session, _login_keys(email, origin), ACCOUNT)


async def admit_registration(session: Session, *, origin: Origin, limits: Limits) -> None:
    if origin.network is None:
        return
    blocked = await _count(session, [(REGISTRATION, origin.network)], limits)
    if blocked is not None:
        raise RegistrationThrottled(blocked)


async def _count(session: Session, keys: list[Key], limits: Limits) -> float | None:
    """None when the attempt is admitted, else the seconds to wait."""
    counted = await repository.count_attempt(
        session,
        keys,
        {ACCOUNT: limits.account, ADDRESS: limits.address, REGISTRATION: limits.registration},
        window=limits.window,
        blocks=(limits.first_block, limits.longest_block),
    )
    if counted == len(keys):
        return None
    return max(1.0, await repository.blocked_seconds(session, keys))


def _login_keys(email: str, origin: Origin) -> list[Key]:
    account = (ACCOUNT, hashlib.sha256(email.encode()).hexdigest())
    return [account] if origin.network is None else [account, (ADDRESS, origin.network)]
