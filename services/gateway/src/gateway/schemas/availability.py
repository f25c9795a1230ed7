"""Where works can be had, as the public API shows and takes it."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import Body
from pydantic import Field, StringConstraints

from gateway.schemas.fields import Clean, MediaIds, Moment, Schema, WebAddress, words
from gateway.schemas.wire import moment, present, present_moment, timestamp
from tastebuds.catalog.v1 import availability_pb2 as pb
from tastebuds.catalog.v1.availability_service_pb2 import NewAvailability as WireEntry

Status = Literal["available", "unavailable", "unknown"]
STATUSES: "dict[Status, pb.AvailabilityStatus.ValueType]" = {
    "available": pb.AVAILABILITY_STATUS_AVAILABLE,
    "unavailable": pb.AVAILABILITY_STATUS_UNAVAILABLE,
    "unknown": pb.AVAILABILITY_STATUS_UNKNOWN,
}
STATUS_NAMES: dict[int, Status] = {number: name for name, number in STATUSES.items()}
MOST_ENTRIES = 100


class Availability(Schema):
    id: str
    media_item_id: str
    provider: Annotated[str, Field(examples=["The library round the corner"])]
    region: Annotated[str, Field(examples=["PT"])]
    format: Annotated[str, Field(examples=["paperback"])]
    status: Status
    deeplink_url: str | None
    last_checked_at: datetime | None
    created_at: datetime
    updated_at: datetime
    source_name: Annotated[str, Field(examples=["manual"])]
    """Who says so: `manual`, or a source such as `tmdb`."""
    is_stale: bool
    """Not checked for so long that it may be wrong."""

    @classmethod
    def of(cls, entry: pb.Availability) -> Self:
        return cls(
            id=entry.id,
            media_item_id=entry.media_item_id,
            provider=entry.provider,
            region=entry.region,
            format=entry.format,
            status=STATUS_NAMES.get(entry.status, "unknown"),
            deeplink_url=present(entry, "deeplink_url"),
            last_checked_at=present_moment(entry, "last_checked_at"),
            created_at=moment(entry.created_at),
            updated_at=moment(entry.updated_at),
            source_name=entry.source_name,
            is_stale=entry.is_stale,
        )


class NewAvailability(Schema):
    """Replaces the entry of the same provider, region and format, if there is one."""

    provider: Annotated[
        str,
        words(120),
        Clean,
        Field(examples=["The library round the corner"]),
    ]
    region: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=32),
        Clean,
        Field(examples=["PT"]),
    ]
    format: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=64),
        Clean,
        Field(examples=["paperback"]),
    ]
    status: Status = "unknown"
    deeplink_url: WebAddress | None = None
    last_checked_at: Moment | None = None
    """Left out: now."""

    def to_wire(self) -> WireEntry:
        return WireEntry(
            provider=self.provider,
            region=self.region,
            format=self.format,
            status=STATUSES[self.status],
            deeplink_url=self.deeplink_url,
            last_checked_at=timestamp(self.last_checked_at),
        )


NewEntries = Annotated[list[NewAvailability], Body(max_length=MOST_ENTRIES)]


class AvailabilitySummary(Schema):
    providers: Annotated[list[str], Field(examples=[["The library round the corner"]])]
    regions: Annotated[list[str], Field(examples=[["PT"]])]
    formats: Annotated[list[str], Field(examples=[["paperback"]])]
    status_counts: Annotated[dict[str, int], Field(examples=[{"available": 1}])]
    """How many entries are `available`, `unavailable` and `unknown`."""
    last_checked_at: datetime | None
    stale_count: int = 0
    """Entries that were not checked for so long that they may be wrong."""

    @classmethod
    def of(cls, summary: pb.AvailabilitySummary, **more: str) -> Self:
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
            **more,
        )


class MediaAvailability(AvailabilitySummary):
    media_item_id: str

    @classmethod
    def of_media(cls, summary: pb.AvailabilitySummary) -> Self:
        return cls.of(summary, media_item_id=summary.media_item_id)


class WantedSummaries(Schema):
    media_item_ids: MediaIds
