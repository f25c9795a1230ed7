"""SQL of the sweeps: each deals with at most `limit` rows and says how many they were."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from common.db import Session
from common.deleting import delete_some
from ingest.models import ContentKey, IngestJob, Resolution, WebhookEvent
from ingest.webhooks.states import EventState

# For these a message is on its way.
UNDER_WAY = (EventState.RECEIVED, EventState.WAITING)
# Not decided yet, or waiting for a person who may want to see what came.
UNDECIDED = (*UNDER_WAY, EventState.NEEDS_MATCH)
WAITING_FOR_SOMEBODY = (*UNDECIDED, EventState.UNDO_OFFERED)


async def delete_jobs(session: Session, finished_before: datetime, limit: int) -> int:
    """With their items."""
    return await delete_some(session, IngestJob, IngestJob.finished_at < finished_before, limit)


async def empty_webhook_bodies(session: Session, received_before: datetime, limit: int) -> int:
    some = (
        select(WebhookEvent.id)
        .where(
            WebhookEvent.received_at < received_before,
            WebhookEvent.body.is_not(None),
            WebhookEvent.state.not_in(UNDECIDED),
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = update(WebhookEvent).where(WebhookEvent.id.in_(some)).values(body=None)
    emptied = await session.scalars(
        statement.returning(WebhookEvent.id), execution_options={"synchronize_session": False}
    )
    return len(emptied.all())


async def delete_webhook_events(session: Session, received_before: datetime, limit: int) -> int:
    is_over = WebhookEvent.state.not_in(WAITING_FOR_SOMEBODY)
    is_old = WebhookEvent.received_at < received_before
    return await delete_some(session, WebhookEvent, is_old & is_over, limit)


async def put_off_forgotten_webhooks(
    session: Session, due_before: datetime, until: datetime, limit: int
) -> Sequence[UUID]:
    """Those that were due before then, longest ago first; from now on they are due `until`."""
    due_at = func.coalesce(WebhookEvent.next_try_at, WebhookEvent.received_at)
    some = (
        select(WebhookEvent.id)
        .where(WebhookEvent.state.in_(UNDER_WAY), due_at < due_before)
        .order_by(due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = update(WebhookEvent).where(WebhookEvent.id.in_(some)).values(next_try_at=until)
    forgotten = await session.scalars(
        statement.returning(WebhookEvent.id), execution_options={"synchronize_session": False}
    )
    return forgotten.all()


async def delete_content_keys(session: Session, expired_before: datetime, limit: int) -> int:
    return await delete_some(session, ContentKey, ContentKey.expires_at < expired_before, limit)


async def delete_resolutions(session: Session, found_before: datetime, limit: int) -> int:
    return await delete_some(session, Resolution, Resolution.found_at < found_before, limit)
