"""SQL of the inbox."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import defer

from common.db import Session
from ingest.inbox.choices import OwnEvent, Wanted
from ingest.models import Integration, WebhookEvent


class Entry(NamedTuple):
    """An event, and what its integration is called."""

    event: WebhookEvent
    integration_name: str


async def page(session: Session, wanted: Wanted) -> Sequence[Entry]:
    """Newest first, without bodies; one more than wanted when others follow."""
    statement = _entries().where(WebhookEvent.user_id == wanted.user_id)
    if wanted.states:
        statement = statement.where(WebhookEvent.state.in_(wanted.states))
    if wanted.senders:
        statement = statement.where(WebhookEvent.sender.in_(wanted.senders))
    if wanted.integration_id is not None:
        statement = statement.where(WebhookEvent.integration_id == wanted.integration_id)
    if wanted.before is not None:
        statement = statement.where(WebhookEvent.id < wanted.before)
    shown = statement.options(
        defer(WebhookEvent.body, raiseload=True), defer(WebhookEvent.history, raiseload=True)
    )
    rows = await session.execute(shown.order_by(WebhookEvent.id.desc()).limit(wanted.page_size + 1))
    return [Entry._make(row) for row in rows]


async def find(session: Session, own: OwnEvent) -> Entry | None:
    return await _one(session, _entries(), own)


async def lock(session: Session, own: OwnEvent) -> Entry | None:
    """Whoever decides about it waits, and then finds what is written here."""
    return await _one(session, _entries().with_for_update(of=WebhookEvent), own)


async def _one(session: Session, entries: Select[WebhookEvent, str], own: OwnEvent) -> Entry | None:
    statement = entries.where(
        WebhookEvent.id == own.webhook_event_id, WebhookEvent.user_id == own.user_id
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Entry._make(row)


def _entries() -> Select[WebhookEvent, str]:
    return select(WebhookEvent, Integration.name).join(
        Integration, Integration.id == WebhookEvent.integration_id
    )
