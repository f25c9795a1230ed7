"""What has ended is deleted after a while: at most `limit` rows, and how many is told."""

from dataclasses import dataclass
from datetime import timedelta

from auth.keys import service as keys
from auth.sweeping import repository
from common.db import Session, now


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long ended sessions, log entries and idle throttle rows are kept."""

    ended_sessions: timedelta
    audit: timedelta
    throttle: timedelta
    token_life: timedelta

    async def sweep_refresh_tokens(self, session: Session, limit: int) -> int:
        return await repository.delete_refresh_tokens(session, now(), limit)

    async def sweep_sessions(self, session: Session, limit: int) -> int:
        return await repository.delete_sessions(session, now() - self.ended_sessions, limit)

    async def sweep_throttle(self, session: Session, limit: int) -> int:
        return await repository.delete_throttle(session, now() - self.throttle, limit)

    async def sweep_audit(self, session: Session, limit: int) -> int:
        return await repository.delete_audit(session, now() - self.audit, limit)

    async def sweep_keys(self, session: Session, _: int) -> int:
        """There are never many: a rotation drops them too."""
        return await keys.drop_expired(session, self.token_life)
