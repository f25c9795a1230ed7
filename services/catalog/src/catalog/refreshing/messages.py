"""Stale records on the wire."""

from catalog.refreshing.due import Due
from common.pages import InvalidPage
from common.requests import InvalidTime, parse_time
from tastebuds.catalog.v1.media_service_pb2 import ClaimStaleMediaRequest

MOST = 500


def to_due(message: ClaimStaleMediaRequest) -> Due:
    before = parse_time(message, "fetched_before")
    if before is None:
        raise InvalidTime("fetched_before")
    if not 1 <= message.limit <= MOST:
        raise InvalidPage("limit", f"between 1 and {MOST}")
    used_before = parse_time(message, "used_fetched_before")
    return Due(message.source_name, before, used_before, message.limit)
