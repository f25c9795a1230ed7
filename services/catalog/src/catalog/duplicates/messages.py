"""Suspects on the wire."""

from catalog.duplicates.suspects import Shown
from catalog.media.messages import from_item
from common.timestamps import timestamp
from tastebuds.catalog.v1 import merge_service_pb2 as pb


def from_shown(shown: Shown) -> pb.Suspect:
    return pb.Suspect(
        id=str(shown.suspect.id),
        one=from_item(shown.one),
        other=from_item(shown.other),
        reason=shown.suspect.reason,
        found_at=timestamp(shown.suspect.found_at),
    )
