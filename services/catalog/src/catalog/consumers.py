"""Events this service listens to."""

from catalog.availability import service as availability
from catalog.library import service as library
from catalog.media import service as media
from catalog.merging import service as merging
from catalog.overrides import service as overrides
from catalog.placements import service as placements
from catalog.placements.messages import to_contents
from catalog.tags import service as tags
from catalog.taste import service as taste
from common.db import Session
from common.handlers import Handlers
from common.requests import parse_id
from tastebuds.auth.v1.account_events_pb2 import UserDeleted
from tastebuds.menus.v1.menu_events_pb2 import MenuContentsChanged


async def on_user_deleted(session: Session, event: UserDeleted) -> None:
    user_id = parse_id("user_id", event.user_id)
    await library.forget_person(session, user_id)
    await tags.forget_person(session, user_id)
    await media.forget_person(session, user_id)
    await availability.forget_person(session, user_id)
    await taste.forget_person(session, user_id)
    await overrides.forget_person(session, user_id)
    await merging.forget_person(session, user_id)


async def on_menu_contents_changed(session: Session, event: MenuContentsChanged) -> None:
    await placements.take_over(session, to_contents(event))


HANDLERS: Handlers = {
    UserDeleted: on_user_deleted,
    MenuContentsChanged: on_menu_contents_changed,
}
