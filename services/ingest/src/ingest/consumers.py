"""Events this service listens to, and its jobs."""

from collections.abc import Mapping
from functools import partial

from common.db import Session
from common.handlers import Handlers
from common.jobs import Jobs, Lane
from common.requests import parse_id
from ingest import repository
from ingest.connectors import CONNECTORS
from ingest.integrations import service as integrations
from ingest.jobs import service as jobs
from ingest.jobs.consumers import DueItems
from ingest.jobs.lanes import BULK_CONCURRENCY, bulk
from ingest.previews import service as previews
from ingest.refreshes.consumers import Refreshes
from ingest.webhooks.consumers import WebhookJobs
from ingest.webhooks.events import LANE
from tastebuds.auth.v1.account_events_pb2 import UserDeleted


async def on_user_deleted(session: Session, event: UserDeleted) -> None:
    user_id = parse_id("user_id", event.user_id)
    await repository.delete_allowances(session, user_id)
    await repository.delete_keys_of(session, user_id)
    await previews.forget_user(session, user_id=user_id)
    await jobs.forget_user(session, user_id=user_id)
    await integrations.forget_user(session, user_id=user_id)


HANDLERS: Handlers = {UserDeleted: on_user_deleted}


def lanes(
    due_items: DueItems, refreshes: Refreshes, webhooks: WebhookJobs, most_attempts: int
) -> Mapping[Lane, Jobs]:
    """One for webhooks, which asks no source, and two for each source.

    So one that is slow or down never delays work that needs none, or another; and hundreds of
    works, somebody's or nobody's, delay nobody who waits for one.
    """
    lane = partial(Lane, most_attempts=most_attempts)
    of_sources = {**due_items.jobs, **webhooks.jobs}
    in_bulk = {**due_items.jobs, **refreshes.jobs}
    return {
        lane(LANE): webhooks.jobs,
        **{lane(source): of_sources for source in CONNECTORS},
        **{lane(bulk(source), BULK_CONCURRENCY): in_bulk for source in CONNECTORS},
    }
