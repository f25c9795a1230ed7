"""Matches on the wire."""

from collections.abc import Iterable

from catalog.matching.matches import Match, Reason
from catalog.media.errors import InvalidMedia
from catalog.media.items import Draft
from catalog.media.messages import from_item, to_draft
from tastebuds.catalog.v1 import media_service_pb2 as pb

_WIRE_REASONS = {
    Reason.SOURCE_ID: pb.MATCH_REASON_SOURCE_ID,
    Reason.CANONICAL_URL: pb.MATCH_REASON_CANONICAL_URL,
    Reason.ISBN: pb.MATCH_REASON_ISBN,
    Reason.IMDB_ID: pb.MATCH_REASON_IMDB_ID,
    Reason.MBID: pb.MATCH_REASON_MBID,
    Reason.TITLE_YEAR_CREATOR: pb.MATCH_REASON_TITLE_YEAR_CREATOR,
}


def to_drafts(messages: Iterable[pb.MediaDraft]) -> dict[int, Draft]:
    """By their index; what is no work is none of ours either."""
    drafts = {}
    for index, message in enumerate(messages):
        try:
            drafts[index] = to_draft(message)
        except InvalidMedia:
            continue
    return drafts


def from_match(match: Match) -> pb.MediaMatch:
    return pb.MediaMatch(
        index=match.index,
        item=from_item(match.item),
        reason=_WIRE_REASONS[match.reason],
        in_library=match.in_library,
    )
