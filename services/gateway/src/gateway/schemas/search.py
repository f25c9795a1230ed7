"""Search as the public API shows it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from fastapi import Query
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from gateway.schemas.fields import Clean, Schema
from gateway.schemas.media import MediaBase, MediaType
from tastebuds.catalog.v1.search_service_pb2 import SearchMediaResponse

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


class Question(Schema):
    q: SearchText
    types: Annotated[list[MediaType], Query(default_factory=list, max_length=20)]
    """Left out: all."""
    sources: Annotated[list[SourceName], Query(default_factory=list, max_length=20)]
    """External ones are off so far, which `metadata.source_status` says."""
    include_external: bool = False
    page: Annotated[int, Query(ge=1, le=LAST_PAGE)] = 1
    per_page: Annotated[int, Query(ge=1, le=50)] = 20
    external_per_source: Annotated[int, Query(ge=1, le=5)] = 1
    """Hits per external source."""

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page

    def connectors(self) -> tuple[SourceName, ...]:
        """All when `external` is named or nothing is; else the named ones."""
        if SourceName.EXTERNAL in self.sources or (self.include_external and not self.sources):
            return CONNECTORS
        return tuple(source for source in CONNECTORS if source in self.sources)


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
    def of(cls, question: Question, reply: SearchMediaResponse) -> Self:
        returned = len(reply.items)
        return cls(
            results=[Hit.of(item) for item in reply.items],
            source="internal",
            metadata=SearchMetadata(
                paging=Paging(
                    page=question.page,
                    per_page=question.per_page,
                    offset=question.offset,
                    total_internal=reply.total_count,
                ),
                counts={"internal": returned},
                source_counts={"internal": returned},
                source_metrics={"internal": {"returned": returned}},
                source_status=dict.fromkeys(map(str, question.connectors()), "off"),
            ),
        )
