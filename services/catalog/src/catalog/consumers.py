"""Events this service listens to."""

from catalog.library import service as library
from catalog.media import service as media
from common.db import Session
from common.handlers import Handlers
from common.requests import parse_id
from tastebuds.auth.v1.account_events_pb2 import UserDeleted


async def on_user_deleted(session: Session, event: UserDeleted) -> None:
    user_id = parse_id("user_id", event.user_id)
    await library.forget_person(session, user_id)
    await media.forget_person(session, user_id)


HANDLERS: Handlers = {UserDeleted: on_user_deleted}
