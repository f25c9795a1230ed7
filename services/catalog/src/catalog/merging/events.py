"""Events about merges."""

from uuid import UUID

from catalog.media.items import Item
from catalog.media.messages import from_item
from catalog.models import Outbox
from tastebuds.catalog.v1.media_events_pb2 import MediaItemMerged, MediaItemMergeUndone


def media_item_merged(merge_id: UUID, survivor: Item, absorbed_id: UUID) -> Outbox:
    return Outbox.of(
        MediaItemMerged(
            merge_id=str(merge_id),
            survivor=from_item(survivor),
            version=survivor.version,
            absorbed_id=str(absorbed_id),
        )
    )


def media_item_merge_undone(merge_id: UUID, survivor_id: UUID, absorbed: Item) -> Outbox:
    return Outbox.of(
        MediaItemMergeUndone(
            merge_id=str(merge_id),
            survivor_id=str(survivor_id),
            absorbed=from_item(absorbed),
            version=absorbed.version,
        )
    )
