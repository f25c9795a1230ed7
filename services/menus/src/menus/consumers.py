"""Events this service listens to."""

from common.db import Session
from common.handlers import Handlers
from common.requests import parse_id
from menus import service
from menus.clients import to_work
from menus.merging import service as merging
from menus.snapshots import service as snapshots
from menus.tree import Merge
from tastebuds.auth.v1.account_events_pb2 import UserDeleted
from tastebuds.catalog.v1.media_events_pb2 import (
    MediaItemMerged,
    MediaItemMergeUndone,
    MediaItemUpserted,
)
from tastebuds.menus.v1.document_events_pb2 import DocumentsOutdated, ItemsOutOfPlace


async def on_media_item_upserted(session: Session, event: MediaItemUpserted) -> None:
    await snapshots.refresh(session, to_work(event.item), event.version)


async def on_media_item_merged(session: Session, event: MediaItemMerged) -> None:
    survivor = to_work(event.survivor)
    merge = Merge(
        parse_id("merge_id", event.merge_id),
        survivor.snapshot.media_item_id,
        parse_id("absorbed_id", event.absorbed_id),
    )
    await merging.follow(session, merge, survivor, event.version)


async def on_media_item_merge_undone(session: Session, event: MediaItemMergeUndone) -> None:
    absorbed = to_work(event.absorbed)
    merge = Merge(
        parse_id("merge_id", event.merge_id),
        parse_id("survivor_id", event.survivor_id),
        absorbed.snapshot.media_item_id,
    )
    await merging.follow_back(session, merge, absorbed, event.version)


async def on_items_out_of_place(session: Session, event: ItemsOutOfPlace) -> None:
    await merging.put_in_place(session, parse_id("media_item_id", event.media_item_id))


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
    MediaItemMerged: on_media_item_merged,
    MediaItemMergeUndone: on_media_item_merge_undone,
    ItemsOutOfPlace: on_items_out_of_place,
    DocumentsOutdated: on_documents_outdated,
    UserDeleted: on_user_deleted,
}
