"""What is kept for a while only, and what must not be forgotten."""

from dataclasses import dataclass
from datetime import timedelta

from common.db import Session, now
from ingest.sweeping import repository
from ingest.webhooks.events import webhook_received

# A message is late for minutes, when much has come in; nobody waits for one that was lost.
FORGOTTEN_AFTER = timedelta(hours=1)
# Sources change their ids now and then; a work that is met again is looked up again.
RESOLUTIONS_KEPT = timedelta(days=30)
# Windows count from when a webhook came, and those that came within one may be dealt with later.
CONTENT_KEYS_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long finished jobs, bodies of webhooks and what became of them are kept."""

    jobs: timedelta
    webhook_bodies: timedelta
    webhook_events: timedelta

    async def sweep_jobs(self, session: Session, limit: int) -> int:
        return await repository.delete_jobs(session, now() - self.jobs, limit)

    async def sweep_webhook_bodies(self, session: Session, limit: int) -> int:
        return await repository.empty_webhook_bodies(session, now() - self.webhook_bodies, limit)

    async def sweep_webhook_events(self, session: Session, limit: int) -> int:
        return await repository.delete_webhook_events(session, now() - self.webhook_events, limit)

    async def sweep_unanswered_webhooks(self, session: Session, limit: int) -> int:
        """They are deleted as all others the next time."""
        why = f"dismissed: nobody dealt with it within {self.webhook_events.days} days"
        before = now() - self.webhook_events
        return await repository.dismiss_webhooks(session, before, why, limit)


async def sweep_forgotten_webhooks(session: Session, limit: int) -> int:
    """A new message for each whose own must be lost, at most once in FORGOTTEN_AFTER.

    If it was only late after all, the second to come finds the event decided.
    """
    at = now()
    forgotten = await repository.put_off_forgotten_webhooks(
        session, at - FORGOTTEN_AFTER, until=at, limit=limit
    )
    session.add_all(map(webhook_received, forgotten))
    return len(forgotten)


async def sweep_forgotten_integrations(session: Session, limit: int) -> int:
    return await repository.delete_forgotten_integrations(session, limit)


async def sweep_content_keys(session: Session, limit: int) -> int:
    return await repository.delete_content_keys(session, now() - CONTENT_KEYS_KEPT, limit)


async def sweep_resolutions(session: Session, limit: int) -> int:
    return await repository.delete_resolutions(session, now() - RESOLUTIONS_KEPT, limit)
