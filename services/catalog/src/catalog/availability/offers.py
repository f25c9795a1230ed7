"""Where works can be had, as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Status(StrEnum):
    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What somebody says of one provider in one region and one form; the key of an entry."""

    provider: str
    region: str
    format: str
    status: Status
    deeplink_url: str | None
    last_checked_at: datetime

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.provider, self.region, self.format)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An offer as it is kept, with who says so."""

    id: UUID
    media_item_id: UUID
    offer: Offer
    source_name: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All entries of a work in brief; each word once, in the order of the entries."""

    media_item_id: UUID
    providers: tuple[str, ...]
    regions: tuple[str, ...]
    formats: tuple[str, ...]
    counts: dict[Status, int]
    last_checked_at: datetime
    stale_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that a source says of where a work can be had."""

    media_item_id: UUID
    source_name: str
    offers: tuple[Offer, ...]
