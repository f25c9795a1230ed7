"""SQL of jobs and their works."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Row,
    Select,
    Table,
    and_,
    delete,
    func,
    literal,
    select,
    true,
    update,
)

from common.db import Reader, Session
from ingest import models
from ingest.jobs.states import UNFINISHED, ItemState, JobState
from ingest.jobs.views import DueItem, ItemView, JobView, OwnJob
from ingest.models import IngestJob, IngestJobItem

JOBS = models.Base.metadata.tables["ingest.jobs"]
ITEMS = models.Base.metadata.tables["ingest.job_items"]
# Of pg_advisory_xact_lock; the second number is the person's.
JOBS_OF_PERSON = 1

TRIES = (
    select(
        func.coalesce(func.max(ITEMS.c.attempts), 0).label("attempts"),
        func.min(ITEMS.c.next_try_at).label("next_try_at"),
    )
    .where(ITEMS.c.job_id == JOBS.c.id)
    .lateral()
)


def _columns(table: Table, fields: Iterable[str]) -> list[Any]:
    return [table.c[name] for name in fields]


VIEWS: Select[Any] = select(*_columns(JOBS, JobView._fields[:-2]), *TRIES.c).join(TRIES, true())
ITEM_VIEWS: Select[Any] = select(*_columns(ITEMS, ItemView._fields))
DUE_ITEMS: Select[Any] = select(
    ITEMS.c.id, ITEMS.c.job_id, JOBS.c.user_id, *_columns(ITEMS, DueItem._fields[3:])
).join(JOBS)


async def lock_person(session: Session, user_id: UUID) -> None:
    """Wait for other transactions that count this person's jobs."""
    person = func.hashtext(str(user_id))
    await session.execute(select(func.pg_advisory_xact_lock(JOBS_OF_PERSON, person)))


async def count_unfinished(session: Session, user_id: UUID) -> int:
    mine = and_(JOBS.c.user_id == user_id, JOBS.c.finished_at.is_(None))
    return await session.scalar(select(func.count()).select_from(JOBS).where(mine)) or 0


async def lock_job(session: Session, job_id: UUID) -> IngestJob | None:
    """Changes of one job follow one another."""
    return await session.get(IngestJob, job_id, with_for_update=True)


async def lock_own(session: Session, own: OwnJob) -> IngestJob | None:
    statement = select(IngestJob).where(
        IngestJob.id == own.job_id, IngestJob.user_id == own.user_id
    )
    return await session.scalar(statement.with_for_update())


async def get_item(session: Session, item_id: UUID) -> IngestJobItem | None:
    return await session.get(IngestJobItem, item_id)


async def items_in(
    session: Session, job_id: UUID, states: Sequence[ItemState]
) -> Sequence[IngestJobItem]:
    statement = select(IngestJobItem).where(
        IngestJobItem.job_id == job_id, IngestJobItem.state.in_(states)
    )
    return (await session.scalars(statement.order_by(IngestJobItem.position))).all()


async def lock_forgotten(
    session: Session, before: datetime, limit: int
) -> Sequence[Row[IngestJobItem, int]]:
    """What is not over though its message was made, and its time came, before that.

    With the number of works of its job. In order of the messages; none that another transaction
    deals with.
    """
    statement = (
        select(IngestJobItem, IngestJob.total)
        .join(IngestJob)
        .where(
            IngestJob.finished_at.is_(None),
            IngestJobItem.state.in_(UNFINISHED),
            IngestJobItem.message_id < _first_id_at(before),
            func.coalesce(IngestJobItem.next_try_at < before, true()),
        )
    )
    forgotten = statement.order_by(IngestJobItem.message_id).limit(limit)
    locked = forgotten.with_for_update(of=IngestJobItem, skip_locked=True)
    return (await session.execute(locked)).all()


async def cancel_items(session: Session, job_id: UUID, version: int) -> None:
    """Those that are not over."""
    await session.execute(
        update(ITEMS)
        .where(ITEMS.c.job_id == job_id, ITEMS.c.state.in_(UNFINISHED))
        .values(state=ItemState.CANCELLED, next_try_at=None, version=version)
    )


async def find_due(session: Reader, item_id: UUID) -> DueItem | None:
    row = (await session.execute(DUE_ITEMS.where(ITEMS.c.id == item_id))).first()
    if row is None:
        return None
    due = DueItem._make(row)
    return due._replace(state=ItemState(due.state))


async def find_own(session: Reader, own: OwnJob) -> JobView | None:
    mine = VIEWS.where(JOBS.c.id == own.job_id, JOBS.c.user_id == own.user_id)
    row = (await session.execute(mine)).first()
    return None if row is None else _view(row)


async def list_own(
    session: Reader, user_id: UUID, *, before: UUID | None, limit: int
) -> list[JobView]:
    """Newest first."""
    statement = VIEWS.where(JOBS.c.user_id == user_id).order_by(JOBS.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(JOBS.c.id < before)
    return [_view(row) for row in await session.execute(statement)]


async def list_items(session: Reader, job_id: UUID, *, since_version: int) -> list[ItemView]:
    """Those changed after that version, by position."""
    since = literal(since_version, BigInteger)  # a client may name more than a job ever has
    statement = ITEM_VIEWS.where(ITEMS.c.job_id == job_id, ITEMS.c.version > since)
    rows = (await session.execute(statement.order_by(ITEMS.c.position))).all()
    items = map(ItemView._make, rows)
    return [item._replace(state=ItemState(item.state)) for item in items]


async def delete_jobs_of(session: Session, user_id: UUID) -> None:
    await session.execute(delete(JOBS).where(JOBS.c.user_id == user_id))


def _first_id_at(moment: datetime) -> UUID:
    """Below every UUIDv7 of that moment: they begin with the milliseconds since 1970."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _view(row: Row[Any]) -> JobView:
    view = JobView._make(row)
    return view._replace(state=JobState(view.state))
