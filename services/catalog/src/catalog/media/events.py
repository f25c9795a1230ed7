"""Events about works, made from our own values."""

from catalog.media.items import Item
from catalog.media.messages import from_item
from catalog.models import Outbox
from tastebuds.catalog.v1.media_events_pb2 import MediaItemUpserted


def media_item_upserted(item: Item) -> Outbox:
    return Outbox.of(MediaItemUpserted(item=from_item(item), version=item.version))
