"""A library at a glance, on the wire."""

from catalog.library.diary.messages import from_log
from catalog.library.errors import InvalidLibraryEntry
from catalog.library.messages import from_state, to_status
from catalog.library.overview.glance import Filter, Glance, LibraryItem, Summary
from catalog.library.states import Status
from catalog.media import bounds
from catalog.media.messages import from_item, to_media_type
from common import pages
from common.timestamps import timestamp
from tastebuds.catalog.v1 import library_service_pb2 as pb


def to_filter(request: pb.GetLibraryRequest) -> Filter:
    tag = bounds.line(request.tag)
    if request.tag and tag is None:
        raise InvalidLibraryEntry("tag", "must have a character that can be read")
    return Filter(
        statuses=tuple({to_status("statuses", status) for status in request.statuses}),
        media_types=tuple({to_media_type(media_type) for media_type in request.media_types}),
        favorite=request.favorite if request.HasField("favorite") else None,
        tag=tag,
    )


def from_overview(summary: Summary, glance: Glance) -> pb.GetLibraryResponse:
    return pb.GetLibraryResponse(
        summary=_from_summary(summary),
        items=map(_from_item, glance.items),
        next_up=map(_from_item, glance.next_up),
        next_page_token=pages.write_token(glance.after),
    )


def _from_summary(summary: Summary) -> pb.LibrarySummary:
    counts = {status.value: summary.by_status.get(status, 0) for status in Status}
    return pb.LibrarySummary(total=summary.total, **counts)


def _from_item(entry: LibraryItem) -> pb.LibraryItem:
    return pb.LibraryItem(
        media_item=from_item(entry.item),
        state=from_state(entry.state) if entry.state else None,
        last_log=from_log(entry.last_log) if entry.last_log else None,
        log_count=entry.log_count,
        last_activity_at=timestamp(entry.last_activity_at),
    )
