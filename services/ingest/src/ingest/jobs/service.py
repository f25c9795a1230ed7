"""What one does with jobs, and what becomes of their works.

Whatever changes a work or a job has the lock of the job's row, counts, and tells of it.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from common.db import Reader, Session, new_id, now
from common.jobs import Delivery
from ingest.connectors import Connectors
from ingest.jobs import entries, events, repository
from ingest.jobs.entries import Entry
from ingest.jobs.errors import JobLimitReached, JobNotFound, NothingToRetry
from ingest.jobs.states import RETRIABLE, Counts, ItemState
from ingest.jobs.tries import Setback, spread
from ingest.jobs.views import DueItem, ItemView, JobView, OwnJob
from ingest.models import IngestJob, IngestJobItem
from ingest.service import Wanted

FORGOTTEN_AFTER = timedelta(hours=1)


class Page(NamedTuple):
    jobs: list[JobView]
    has_more: bool


async def start(
    session: Session, *, user_id: UUID, works: Sequence[Entry], most_unfinished: int
) -> JobView:
    await _check_room(session, user_id, most_unfinished)
    at = now()
    job = IngestJob(
        id=new_id(), user_id=user_id, total=len(works), version=0, last_error="", created_at=at
    )
    items = [_new_item(job.id, position, entry, at) for position, entry in enumerate(works)]
    errors = [item.last_error for item in items if item.last_error]
    _settle(session, job, Counts.of(item.state for item in items), errors[-1] if errors else "")
    session.add(job)
    await session.flush()  # before its works, which refer to it
    for item in items:
        item.version = job.version
    session.add_all(items)
    due = [item for item in items if item.state != ItemState.FAILED]
    session.add_all(events.item_due(item, job.total) for item in due)
    return await read(session, own=OwnJob(job.id, user_id))


async def read(session: Reader, *, own: OwnJob) -> JobView:
    job = await repository.find_own(session, own)
    if job is None:
        raise JobNotFound(own.job_id)
    return job


async def read_items(session: Reader, *, job_id: UUID, since_version: int) -> list[ItemView]:
    return await repository.list_items(session, job_id, since_version=since_version)


async def list_own(session: Reader, *, user_id: UUID, page_size: int, before: UUID | None) -> Page:
    # One more than asked for tells whether more follow.
    jobs = await repository.list_own(session, user_id, before=before, limit=page_size + 1)
    return Page(jobs[:page_size], len(jobs) > page_size)


async def cancel(session: Session, *, own: OwnJob) -> JobView:
    job = await _lock_own(session, own)
    counts = counts_of(job)
    if counts.left:
        given_up = counts.moved(counts.queued, ItemState.QUEUED, ItemState.CANCELLED)
        given_up = given_up.moved(counts.waiting, ItemState.WAITING, ItemState.CANCELLED)
        _settle(session, job, given_up)
        await repository.cancel_items(session, job.id, job.version)
    return await read(session, own=own)


async def retry(
    session: Session, *, own: OwnJob, connectors: Connectors, most_unfinished: int
) -> JobView:
    """Works that no try could bring in stay failed."""
    job = await _lock_own(session, own)
    failed = await repository.items_in(session, job.id, RETRIABLE)
    again = [item for item in failed if _can_be_tried(item, connectors)]
    if not again:
        raise NothingToRetry(job.id)
    if job.finished_at is not None:
        await _check_room(session, own.user_id, most_unfinished)
    counts = counts_of(job)
    for item in again:
        counts = counts.moved(1, item.state, ItemState.QUEUED)
    _settle(session, job, counts)
    for item in again:
        _begin_anew(item, new_id(), job.version)
    session.add_all(events.item_due(item, job.total) for item in again)
    return await read(session, own=own)


async def find_due(session: Reader, *, item_id: UUID) -> DueItem | None:
    return await repository.find_due(session, item_id)


async def revive(session: Session, *, due: DueItem, message_id: UUID) -> DueItem | None:
    """A dead letter of the work was sent again: it is tried as if its owner had asked for it."""
    job = await repository.lock_job(session, due.job_id)
    item = await repository.get_item(session, due.id)
    if job is None or item is None or item.state != ItemState.FAILED:
        return None
    _settle(session, job, counts_of(job).moved(1, item.state, ItemState.QUEUED))
    _begin_anew(item, message_id, job.version)
    await session.flush()
    return await repository.find_due(session, due.id)


async def note_done(
    session: Session, *, due: DueItem, delivery: Delivery, media_item_id: UUID
) -> None:
    locked = await _lock_wanted(session, due, delivery)
    if locked is not None:
        job, item = locked
        item.attempts, item.media_item_id = delivery.attempt, media_item_id
        _turn(session, job, item, ItemState.DONE)


async def note_setback(
    session: Session, *, due: DueItem, delivery: Delivery, setback: Setback
) -> float | None:
    """Seconds until the next try; None when this message has nothing more to do."""
    locked = await _lock_wanted(session, due, delivery)
    if locked is None:
        return None
    job, item = locked
    if setback.counted:
        item.attempts = delivery.attempt
    if setback.after is None:
        _turn(session, job, item, ItemState.FAILED, setback.words)
        item.message_id = new_id()  # whatever comes again of this one comes too late
        return None
    wait = spread(setback.after, counts_of(job).left, random.random())  # noqa: S311 no secret
    _turn(session, job, item, ItemState.WAITING, setback.words)
    item.next_try_at = job.updated_at + timedelta(seconds=wait)
    return wait


async def note_given_up(session: Session, *, due: DueItem, delivery: Delivery, words: str) -> None:
    """It stays the turn of its message, which is a dead letter from now on: see is_revived_by."""
    locked = await _lock_wanted(session, due, delivery)
    if locked is not None:
        job, item = locked
        item.attempts = delivery.attempt
        _turn(session, job, item, ItemState.FAILED, words)


async def send_forgotten(session: Session, limit: int) -> int:
    """Works whose messages are gone get new ones, at most one an hour; returns how many did.

    One whose message only stands in a long queue loses its place in it, and nothing else.
    """
    forgotten = await repository.lock_forgotten(session, now() - FORGOTTEN_AFTER, limit)
    for item, works in forgotten:
        item.message_id = new_id()
        session.add(events.item_due(item, works))
    return len(forgotten)


async def forget_user(session: Session, *, user_id: UUID) -> None:
    await repository.delete_jobs_of(session, user_id)


def counts_of(job: IngestJob) -> Counts:
    over = job.done + job.failed + job.cancelled
    queued = job.total - job.waiting - over
    return Counts(queued, job.waiting, job.done, job.failed, job.cancelled)


async def _check_room(session: Session, user_id: UUID, most_unfinished: int) -> None:
    # The person's other starts wait, so that they are counted.
    await repository.lock_person(session, user_id)
    if await repository.count_unfinished(session, user_id) >= most_unfinished:
        raise JobLimitReached(most_unfinished)


async def _lock_own(session: Session, own: OwnJob) -> IngestJob:
    job = await repository.lock_own(session, own)
    if job is None:
        raise JobNotFound(own.job_id)
    return job


async def _lock_wanted(
    session: Session, due: DueItem, delivery: Delivery
) -> tuple[IngestJob, IngestJobItem] | None:
    """None when the work is over, or another message is to bring it in, or its owner has left."""
    job = await repository.lock_job(session, due.job_id)
    item = await repository.get_item(session, due.id)
    if job is None or item is None:
        return None
    known = due._replace(state=ItemState(item.state), message_id=item.message_id)
    if not known.is_wanted_by(delivery):
        return None
    item.message_id = delivery.message_id
    return job, item


def _new_item(job_id: UUID, position: int, entry: Entry, at: datetime) -> IngestJobItem:
    state, setback = ItemState.QUEUED, entry.setback
    item = IngestJobItem(
        id=new_id(),
        job_id=job_id,
        position=position,
        source=entry.source,
        external_id=entry.external_id,
        refresh=entry.refresh,
        message_id=new_id(),
        attempts=0,
        last_error="",
    )
    if setback is not None:
        state = ItemState.FAILED if setback.after is None else ItemState.WAITING
        item.last_error = setback.words
        if setback.after is not None:
            item.attempts = int(setback.counted)
            item.next_try_at = at + timedelta(seconds=setback.after)
    item.state = state
    return item


def _begin_anew(item: IngestJobItem, message_id: UUID, version: int) -> None:
    item.state, item.attempts, item.next_try_at = ItemState.QUEUED, 0, None
    item.last_error, item.message_id, item.version = "", message_id, version


def _can_be_tried(item: IngestJobItem, connectors: Connectors) -> bool:
    wanted = Wanted(item.source, item.external_id, None, item.refresh)
    return entries.read(wanted, connectors, "external_id").setback is None


def _turn(
    session: Session, job: IngestJob, item: IngestJobItem, state: ItemState, words: str = ""
) -> None:
    """From one state to another, at once for the work, its job and those who watch."""
    _settle(session, job, counts_of(job).moved(1, item.state, state), words)
    item.state, item.last_error, item.next_try_at = state, words, None
    item.version = job.version


def _settle(session: Session, job: IngestJob, counts: Counts, error: str = "") -> None:
    """`error` is the news in words; the last one stays while works wait or have failed."""
    job.version += 1
    job.state, job.updated_at = counts.state, now()
    _, job.waiting, job.done, job.failed, job.cancelled = counts
    if error or not (counts.waiting or counts.failed):
        job.last_error = error
    session.add(events.job_changed(job))
    job.finished_at = None if counts.left else job.updated_at
    if counts.left == 0:
        session.add(events.job_finished(job))
