"""Events this service listens to."""

from common.db import Session
from common.handlers import Handlers
from common.requests import parse_id
from menus import service
from menus.clients import to_work
from menus.snapshots import service as snapshots
from tastebuds.auth.v1.account_events_pb2 import UserDeleted
from tastebuds.catalog.v1.media_events_pb2 import MediaItemUpserted
from tastebuds.menus.v1.document_events_pb2 import DocumentsOutdated


async def on_media_item_upserted(session: Session, event: MediaItemUpserted) -> None:
    await snapshots.refresh(session, to_work(event.item), event.version)


async def on_documents_outdated(session: Session, event: DocumentsOutdated) -> None:
    await snapshots.rebuild_documents(
        session,
        parse_id("media_item_id", event.media_item_id),
        after=parse_id("after_menu_id", event.after_menu_id),
    )


async def on_user_deleted(session: Session, event: UserDeleted) -> None:
    await service.forget_user(session, user_id=parse_id("user_id", event.user_id))


HANDLERS: Handlers = {
    MediaItemUpserted: on_media_item_upserted,
    DocumentsOutdated: on_documents_outdated,
    UserDeleted: on_user_deleted,
}
