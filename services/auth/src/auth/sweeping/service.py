"""What has ended is deleted after a while."""

from dataclasses import dataclass
from datetime import timedelta

from auth.keys import service as keys
from auth.sweeping import repository
from common.db import Session, now


@dataclass(frozen=True, slots=True)
class Retention:
    """`every` so often; ended sessions, log entries and idle throttle rows are kept that long."""

    every: timedelta
    ended_sessions: timedelta
    audit: timedelta
    throttle: timedelta
    token_life: timedelta


async def sweep(session: Session, retention: Retention) -> bool:
    """Delete a bounded number of rows; says whether there may be more. Six statements."""
    moment = now()
    await keys.drop_expired(session, retention.token_life)
    more = [
        await repository.delete_refresh_tokens(session, moment),
        await repository.delete_sessions(session, moment - retention.ended_sessions),
        await repository.delete_throttle(session, moment - retention.throttle),
        await repository.delete_audit(session, moment - retention.audit),
    ]
    return any(more)
