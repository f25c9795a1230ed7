"""SQL of integrations. Live are those that have a token."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Uuid,
    and_,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from common.db import Reader, Session
from ingest.integrations.choices import OwnIntegration
from ingest.models import Integration

# Of pg_advisory_xact_lock; the second number is the person's.
INTEGRATIONS_OF_PERSON = 2

IS_LIVE = Integration.token_hash.is_not(None)
# Of late, so that a long history makes no list slow.
COUNTED_FOR = timedelta(days=30)
# From an index alone.
TALLIES = text("""
select held.id as integration_id,
    (select max(received_at) from ingest.webhook_events where integration_id = held.id)
        as last_received_at,
    (select coalesce(jsonb_object_agg(state, number), '{}') from (
        select state, count(*) as number from ingest.webhook_events
        where integration_id = held.id and received_at >= :since group by state
    ) of_late) as counts
from ingest.integrations held where held.id = any(:integration_ids)
""").columns(integration_id=Uuid, last_received_at=DateTime(timezone=True), counts=JSONB)


class Tally(NamedTuple):
    """When the latest event came, and how many of late are in which state."""

    last_received_at: datetime | None
    counts: Mapping[str, int]


class Key(NamedTuple):
    """By which the door knows an integration."""

    sender: str
    token_hash: bytes


async def lock_person(session: Session, user_id: UUID) -> None:
    """Wait for other transactions that count or name this person's integrations."""
    person = func.hashtext(str(user_id))
    await session.execute(select(func.pg_advisory_xact_lock(INTEGRATIONS_OF_PERSON, person)))


async def live_ones(session: Session, user_id: UUID) -> Sequence[Integration]:
    """Oldest first."""
    mine = select(Integration).where(Integration.user_id == user_id, IS_LIVE)
    return (await session.scalars(mine.order_by(Integration.id))).all()


async def count_live(session: Session, user_id: UUID) -> int:
    mine = select(func.count()).where(Integration.user_id == user_id, IS_LIVE)
    return await session.scalar(mine) or 0


async def tallies(
    session: Session, integration_ids: Sequence[UUID], at: datetime
) -> Mapping[UUID, Tally]:
    """As of `at`; those that are not there yet have none."""
    wanted = {"integration_ids": integration_ids, "since": at - COUNTED_FOR}
    rows = await session.execute(TALLIES, wanted)
    return {row.integration_id: Tally(row.last_received_at, row.counts) for row in rows}


async def find_live(session: Session, own: OwnIntegration) -> Integration | None:
    return (await session.scalars(select(Integration).where(_is(own)))).one_or_none()


async def find_key(session: Reader, own: OwnIntegration) -> Key | None:
    statement = select(Integration.sender, Integration.token_hash).where(_is(own))
    row = (await session.execute(statement)).first()
    return None if row is None else Key(row.sender, row.token_hash)


async def find_named(session: Session, user_id: UUID, sender: str, name: str) -> Integration | None:
    """Live or not."""
    statement = select(Integration).where(
        Integration.user_id == user_id, Integration.sender == sender, Integration.name == name
    )
    return (await session.scalars(statement)).one_or_none()


async def revoke(session: Session, own: OwnIntegration, at: datetime) -> None:
    await _revoke(session, _is(own), at)


async def revoke_sender(session: Session, user_id: UUID, sender: str, at: datetime) -> None:
    await _revoke(session, and_(Integration.user_id == user_id, Integration.sender == sender), at)


async def _revoke(session: Session, which: ColumnElement[bool], at: datetime) -> None:
    await _change(session, and_(which, IS_LIVE), token_hash=None, revoked_at=at)


async def forget_person(session: Session, user_id: UUID, at: datetime) -> None:
    """What they sent goes with a sweep: there may be too much of it for one statement."""
    which = and_(Integration.user_id == user_id, Integration.forgotten_at.is_(None))
    await _change(session, which, token_hash=None, forgotten_at=at)


async def _change(session: Session, which: ColumnElement[bool], **values: object) -> None:
    # In the order in which the door locks them, see ingest.door.repository.
    some = select(Integration.id).where(which).order_by(Integration.id).with_for_update()
    statement = update(Integration).where(Integration.id.in_(some)).values(**values)
    await session.execute(statement, execution_options={"synchronize_session": False})


def _is(own: OwnIntegration) -> ColumnElement[bool]:
    return and_(Integration.id == own.integration_id, Integration.user_id == own.user_id, IS_LIVE)
