"""Events this service listens to."""

from common.db import Session
from common.handlers import Handlers
from common.requests import parse_id
from ingest import repository
from tastebuds.auth.v1.account_events_pb2 import UserDeleted


async def on_user_deleted(session: Session, event: UserDeleted) -> None:
    await repository.delete_allowance(session, parse_id("user_id", event.user_id))


HANDLERS: Handlers = {UserDeleted: on_user_deleted}
