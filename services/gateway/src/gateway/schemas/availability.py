"""Where works can be had, as the public API shows and takes it."""

from datetime import datetime
from typing import Self

from gateway.schemas.fields import Schema
from gateway.schemas.wire import present_moment
from tastebuds.catalog.v1 import availability_pb2 as pb


class AvailabilitySummary(Schema):
    providers: list[str]
    regions: list[str]
    formats: list[str]
    status_counts: dict[str, int]
    """How many entries are `available`, `unavailable` and `unknown`."""
    last_checked_at: datetime | None
    stale_count: int = 0
    """Entries that were not checked for so long that they may be wrong."""

    @classmethod
    def of(cls, summary: pb.AvailabilitySummary) -> Self:
        counts = {
            "available": summary.available_count,
            "unavailable": summary.unavailable_count,
            "unknown": summary.unknown_count,
        }
        return cls(
            providers=list(summary.providers),
            regions=list(summary.regions),
            formats=list(summary.formats),
            status_counts={status: count for status, count in counts.items() if count},
            last_checked_at=present_moment(summary, "last_checked_at"),
            stale_count=summary.stale_count,
        )
