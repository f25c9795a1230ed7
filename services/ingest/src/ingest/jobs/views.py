"""A job and its works, as its owner and its lane see them."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.jobs import Delivery
from ingest.jobs.states import ItemState, JobState


class OwnJob(NamedTuple):
    """A job as its owner names it."""

    job_id: UUID
    user_id: UUID


class JobView(NamedTuple):
    """`attempts` and `next_try_at` are those of its works: the most, and the soonest."""

    id: UUID
    state: JobState
    total: int
    done: int
    failed: int
    cancelled: int
    last_error: str
    version: int
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    attempts: int
    next_try_at: datetime | None


class ItemView(NamedTuple):
    id: UUID
    position: int
    source: str
    external_id: str
    state: ItemState
    attempts: int
    next_try_at: datetime | None
    last_error: str
    media_item_id: UUID | None
    version: int


class DueItem(NamedTuple):
    """A work whose message came, and whose job it is."""

    id: UUID
    job_id: UUID
    user_id: UUID
    source: str
    external_id: str
    refresh: bool
    state: ItemState
    message_id: UUID
    attempts: int
    next_try_at: datetime | None
    last_error: str

    def is_wanted_by(self, delivery: Delivery) -> bool:
        """Whether this message may still bring it in. Message ids are UUIDv7, in order of time.

        An older message than the work's own was replaced when its owner said "again".
        """
        return not self.state.is_over and delivery.message_id >= self.message_id

    def is_revived_by(self, delivery: Delivery) -> bool:
        """Whether this message was given up, and is a dead letter that somebody sent again.

        What has failed for good is the turn of no message that was ever sent.
        """
        begins_anew = delivery.attempt == 1 and delivery.message_id >= self.message_id
        return self.state is ItemState.FAILED and begins_anew
