"""SQL of the sweeps: each deals with at most `limit` rows and says how many they were."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from common.db import Session, now
from common.deleting import delete_some
from ingest.models import ContentKey, IngestJob, Integration, Resolution, WebhookEvent
from ingest.webhooks.history import Attempt
from ingest.webhooks.repository import history_with
from ingest.webhooks.states import EventState

# For these a message is on its way.
UNDER_WAY = (EventState.RECEIVED, EventState.WAITING)
# Not decided yet, or waiting for a person: what follows then is read from the body.
WAITING_FOR_SOMEBODY = (*UNDER_WAY, EventState.NEEDS_MATCH, EventState.UNDO_OFFERED)


async def delete_jobs(session: Session, finished_before: datetime, limit: int) -> int:
    """With their items."""
    return await delete_some(session, IngestJob, IngestJob.finished_at < finished_before, limit)


def with_old_bodies(received_before: datetime) -> Select[UUID]:
    return select(WebhookEvent.id).where(
        WebhookEvent.received_at < received_before,
        WebhookEvent.body.is_not(None),
        WebhookEvent.state.not_in(WAITING_FOR_SOMEBODY),
    )


async def empty_webhook_bodies(session: Session, received_before: datetime, limit: int) -> int:
    return len(await _change(session, with_old_bodies(received_before).limit(limit), body=None))


def overdue(due_before: datetime) -> Select[UUID]:
    """Longest ago first."""
    due_at = func.coalesce(WebhookEvent.next_try_at, WebhookEvent.received_at)
    those = select(WebhookEvent.id).where(WebhookEvent.state.in_(UNDER_WAY), due_at < due_before)
    return those.order_by(due_at)


async def put_off_forgotten_webhooks(
    session: Session, due_before: datetime, until: datetime, limit: int
) -> Sequence[UUID]:
    """Those that were due before then; from now on they are due `until`."""
    return await _change(session, overdue(due_before).limit(limit), next_try_at=until)


async def dismiss_webhooks(
    session: Session, received_before: datetime, why: str, limit: int
) -> int:
    """Those of them that still wait for somebody."""
    some = select(WebhookEvent.id).where(
        WebhookEvent.received_at < received_before, WebhookEvent.state.in_(WAITING_FOR_SOMEBODY)
    )
    at, state = now(), EventState.DISMISSED
    dismissed = await _change(
        session,
        some.limit(limit),
        state=state,
        decision=why,
        decided_at=at,
        next_try_at=None,
        body=None,
        history=history_with(literal(Attempt(at, state, why).to_json(), JSONB)),
    )
    return len(dismissed)


async def _change(session: Session, some: Select[UUID], **values: object) -> Sequence[UUID]:
    """Not those that someone else has locked."""
    # Materialized for the reason that common.deleting gives.
    chosen = some.with_for_update(skip_locked=True).cte("chosen").prefix_with("materialized")
    of_them = WebhookEvent.id.in_(select(chosen))
    statement = update(WebhookEvent).where(of_them).values(**values)
    changed = await session.scalars(
        statement.returning(WebhookEvent.id), execution_options={"synchronize_session": False}
    )
    return changed.all()


async def delete_webhook_events(session: Session, received_before: datetime, limit: int) -> int:
    is_over = WebhookEvent.state.not_in(WAITING_FOR_SOMEBODY)
    is_old = WebhookEvent.received_at < received_before
    return await delete_some(session, WebhookEvent, is_old & is_over, limit)


async def delete_forgotten_integrations(session: Session, limit: int) -> int:
    """What they sent, and those that sent nothing or no longer have anything."""
    is_forgotten = Integration.forgotten_at.is_not(None)
    of_theirs = WebhookEvent.integration_id.in_(select(Integration.id).where(is_forgotten))
    deleted = await delete_some(session, WebhookEvent, of_theirs, limit)
    if deleted == limit:
        return deleted
    is_empty = ~exists().where(WebhookEvent.integration_id == Integration.id)
    emptied = is_forgotten & is_empty
    return deleted + await delete_some(session, Integration, emptied, limit - deleted)


async def delete_content_keys(session: Session, expired_before: datetime, limit: int) -> int:
    return await delete_some(session, ContentKey, ContentKey.expires_at < expired_before, limit)


async def delete_resolutions(session: Session, found_before: datetime, limit: int) -> int:
    return await delete_some(session, Resolution, Resolution.found_at < found_before, limit)
