"""Events this service listens to."""

from common.db import Session
from common.handlers import Handlers
from common.requests import parse_id
from ingest import repository
from ingest.jobs import service as jobs
from tastebuds.auth.v1.account_events_pb2 import UserDeleted


async def on_user_deleted(session: Session, event: UserDeleted) -> None:
    user_id = parse_id("user_id", event.user_id)
    await repository.delete_allowance(session, user_id)
    await repository.delete_keys_of(session, user_id)
    await jobs.forget_user(session, user_id=user_id)


HANDLERS: Handlers = {UserDeleted: on_user_deleted}
