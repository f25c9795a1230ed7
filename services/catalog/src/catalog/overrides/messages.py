"""Overrides on the wire."""

from catalog.media.provenance import OVERRIDABLE
from catalog.overrides.service import Wish
from common.requests import parse_id
from tastebuds.catalog.v1.media_service_pb2 import OverrideMediaRequest


def to_wish(message: OverrideMediaRequest) -> Wish:
    """Fields that are called changed but cannot be are refused later, by their name."""
    given: dict[str, str] = {
        field.name: text for field, text in message.ListFields() if field.name in OVERRIDABLE
    }
    return Wish(
        media_item_id=parse_id("media_item_id", message.media_item_id),
        values={field: given.get(field) for field in message.changed},
        for_everybody=message.for_everybody,
    )
