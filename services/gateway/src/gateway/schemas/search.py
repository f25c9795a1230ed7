"""Search as the public API shows it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from fastapi import Query
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from gateway.schemas.fields import Clean, Schema
from gateway.schemas.media import MediaBase
from tastebuds.catalog.v1 import media_pb2

LONGEST_QUERY = 256
# Clients that send more than the search reads are served with what it reads.
LONGEST_ACCEPTED_QUERY = 10_000
LAST_PAGE = 10_000


def _trimmed(value: str) -> str:
    trimmed = value.strip()[:LONGEST_QUERY].strip()
    if len(trimmed) < 2:  # noqa: PLR2004 - said in the message
        raise PydanticCustomError(
            "string_too_short", "String should have at least 2 characters after trimming"
        )
    return trimmed


class SourceName(StrEnum):
    INTERNAL = "internal"
    EXTERNAL = "external"
    GOOGLE_BOOKS = "google_books"
    TMDB = "tmdb"
    IGDB = "igdb"
    LASTFM = "lastfm"


CONNECTORS = (SourceName.GOOGLE_BOOKS, SourceName.TMDB, SourceName.IGDB, SourceName.LASTFM)

SearchText = Annotated[
    str,
    StringConstraints(max_length=LONGEST_ACCEPTED_QUERY),
    Clean,
    AfterValidator(_trimmed),
    Query(
        min_length=2,
        description="Trimmed and cut at 256 characters; at least 2 must be left. Quoted phrases, "
        "`or` and `-word` work as in a web search.",
        examples=["night train to lisbon"],
    ),
]


class AvailabilitySummary(Schema):
    providers: list[str]
    regions: list[str]
    formats: list[str]
    status_counts: dict[str, int]
    last_checked_at: datetime | None


class Hit(MediaBase):
    preview_id: str | None = None
    source_name: str | None = None
    source_id: str | None = None
    preview_expires_at: datetime | None = None
    in_collection: bool = False
    availability_summary: AvailabilitySummary | None = None


class Paging(Schema):
    page: int
    per_page: int
    offset: int
    total_internal: int


class SearchMetadata(Schema):
    paging: Paging
    counts: dict[str, int]
    source_counts: dict[str, int]
    source_metrics: dict[str, dict[str, Any]]
    source_status: dict[str, Literal["off"]]
    """External sources that were asked for and did not take part."""


class SearchResult(Schema):
    results: list[Hit]
    source: Literal["internal", "external", "internal+external"]
    metadata: SearchMetadata

    @classmethod
    def of(
        cls, items: Sequence[media_pb2.MediaItem], paging: Paging, off: Sequence[SourceName]
    ) -> Self:
        return cls(
            results=[Hit.of(item) for item in items],
            source="internal",
            metadata=SearchMetadata(
                paging=paging,
                counts={"internal": len(items)},
                source_counts={"internal": len(items)},
                source_metrics={"internal": {"returned": len(items)}},
                source_status=dict.fromkeys(map(str, off), "off"),
            ),
        )


def asked_connectors(
    sources: Sequence[SourceName], *, include_external: bool
) -> tuple[SourceName, ...]:
    """All when `external` is named or nothing is; else the named ones."""
    if SourceName.EXTERNAL in sources or (include_external and not sources):
        return CONNECTORS
    return tuple(source for source in CONNECTORS if source in sources)
