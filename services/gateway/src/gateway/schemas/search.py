"""Search as the public API shows it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from fastapi import Query
from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from gateway.schemas.availability import AvailabilitySummary
from gateway.schemas.fields import Clean, Cursor, Schema
from gateway.schemas.media import FROM_WIRE, TO_WIRE, MediaBase, MediaType
from gateway.schemas.wire import present
from tastebuds.catalog.v1 import search_service_pb2 as pb

LONGEST_QUERY = 256
# Clients that send more than the search reads are served with what it reads.
LONGEST_ACCEPTED_QUERY = 10_000
LAST_PAGE = 10_000
EARLIEST_YEAR, LATEST_YEAR = 0, 9999

MATCHED_BY: dict[int, str] = {
    pb.MATCHED_BY_WORDS: "words",
    pb.MATCHED_BY_PREFIX: "prefix",
    pb.MATCHED_BY_CORRECTION: "correction",
    pb.MATCHED_BY_ISBN: "isbn",
    pb.MATCHED_BY_EXTERNAL_ID: "external_id",
}


def _trimmed(value: str) -> str:
    trimmed = value.strip()[:LONGEST_QUERY].strip()
    if len(trimmed) < 2:  # noqa: PLR2004 - said in the message
        raise PydanticCustomError(
            "string_too_short", "String should have at least 2 characters after trimming"
        )
    return trimmed


class SourceName(StrEnum):
    """Where to search: here, everywhere outside, or in single sources outside."""

    INTERNAL = "internal"
    EXTERNAL = "external"
    GOOGLE_BOOKS = "google_books"
    TMDB = "tmdb"
    IGDB = "igdb"
    LASTFM = "lastfm"
    OPEN_LIBRARY = "open_library"
    MUSICBRAINZ = "musicbrainz"


CONNECTORS = [one for one in SourceName if one not in (SourceName.INTERNAL, SourceName.EXTERNAL)]

SearchText = Annotated[
    str,
    StringConstraints(max_length=LONGEST_ACCEPTED_QUERY),
    Clean,
    AfterValidator(_trimmed),
    Query(
        min_length=2,
        description="Trimmed and cut at 256 characters; at least 2 must be left. Quoted phrases, "
        "`or` and `-word` work as in a web search. An ISBN, an id such as `tmdb:movie:603` and an "
        "IMDb id find their work.",
        examples=["night train to lisbon"],
    ),
]
# A tuple, for its default needs no factory, the signature of which is looked up for each request.
Types = Annotated[tuple[MediaType, ...], Query(max_length=20)]
Year = Annotated[int | None, Query(ge=EARLIEST_YEAR, le=LATEST_YEAR)]
TagName = Annotated[str, StringConstraints(min_length=1, max_length=64), Clean]


class Question(Schema):
    q: SearchText
    types: Types = ()
    """Left out: all."""
    sources: Annotated[tuple[SourceName, ...], Query(max_length=20)] = ()
    """Left out: the catalogue, and every external source if `include_external`."""
    include_external: bool = False
    """Search outside too, which does not widen `sources`; only for signed-in people."""
    page: Annotated[int, Query(ge=1, le=LAST_PAGE)] = 1
    """Pages can be counted up to the 10 000th hit; the `Link` header goes on without an end."""
    per_page: Annotated[int, Query(ge=1, le=50)] = 20
    cursor: Cursor = ""
    external_per_source: Annotated[int, Query(ge=1, le=5)] = 1
    """Hits per external source."""
    year_from: Year = None
    """What tells no year of its release is left out, here and outside."""
    year_to: Year = None
    creator: Annotated[str, StringConstraints(max_length=200), Clean, Query()] = ""
    """Words of a creator's name."""
    tag: Annotated[tuple[TagName, ...], Query(max_length=10)] = ()
    """Names of tags, your own or shared ones, all of which a work must have: none outside has."""
    in_library: bool = False
    """Only what you have a state or a log of, so nothing outside; only for signed-in people."""

    @model_validator(mode="after")
    def _has_its_years_in_order(self) -> Self:
        if None not in (self.year_from, self.year_to) and self.year_from > self.year_to:  # type: ignore[operator]
            raise PydanticCustomError("year_range", "year_from should not be after year_to")
        return self

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page

    @property
    def needs_account(self) -> bool:
        return self.include_external or self._names_outside

    @property
    def asks_outside(self) -> bool:
        if self.tag or self.in_library:
            return False
        return self._names_outside or (self.include_external and not self.sources)

    @property
    def asks_inside(self) -> bool:
        return not self.asks_outside or self.include_external or SourceName.INTERNAL in self.sources

    @property
    def _names_outside(self) -> bool:
        return any(one is not SourceName.INTERNAL for one in self.sources)

    def connectors(self) -> list[str]:
        """The external sources asked for; none means all that there are."""
        if SourceName.EXTERNAL in self.sources:
            return []
        return [str(one) for one in dict.fromkeys(self.sources) if one in CONNECTORS]

    def to_wire(self) -> pb.SearchMediaRequest:
        return pb.SearchMediaRequest(
            query=self.q,
            media_types=[TO_WIRE[kind] for kind in self.types],
            page_size=self.per_page,
            offset=self.offset,
            page_token=self.cursor,
            year_from=self.year_from,
            year_to=self.year_to,
            creator=self.creator,
            tags=self.tag,
            in_library=self.in_library,
        )


class Hit(MediaBase):
    """A work of the catalogue, or one that a source knows: then `preview_id` is there too."""

    preview_id: str | None = None
    source_name: str | None = None
    source_id: str | None = None
    preview_expires_at: datetime | None = None
    in_collection: bool = False
    """Whether you have a state or a log of it."""
    availability_summary: AvailabilitySummary | None = None


class Paging(Schema):
    page: int
    per_page: int
    offset: int
    total_internal: int
    total_is_estimate: bool = False
    next_cursor: str | None = None


class SearchMetadata(Schema):
    paging: Paging
    counts: dict[str, int]
    source_counts: dict[str, int]
    source_metrics: dict[str, dict[str, Any]]
    source_status: dict[
        str, Literal["ok", "timed_out", "circuit_open", "throttled", "off", "failed"]
    ]
    """Each external source that was asked for; only `ok` has had its say."""
    source_problems: dict[str, str]
    """Why a source has not, in words."""
    type_counts: dict[MediaType, int]
    """How many there are of each type in the catalogue, whatever `types` says."""
    matched_by: Annotated[str | None, Field(examples=["words"])] = None
    """`words`, `prefix`, `correction` (a typo), `isbn` or `external_id`."""
    dedupe_reasons: dict[str, int] | None = None
    """By what hits of sources were found to be works that are here already, if any were."""


class SearchResult(Schema):
    results: list[Hit]
    source: Literal["internal", "external", "internal+external"]
    metadata: SearchMetadata


class Suggestion(Schema):
    id: str
    media_type: MediaType
    title: str
    creators: list[str]
    year: int | None
    cover_image_url: str | None

    @classmethod
    def of(cls, suggestion: pb.Suggestion) -> Self:
        return cls(
            id=suggestion.media_item_id,
            media_type=FROM_WIRE[suggestion.media_type],
            title=suggestion.title,
            creators=list(suggestion.creators),
            year=present(suggestion, "year"),
            cover_image_url=present(suggestion, "cover_image_url"),
        )


class Suggestions(Schema):
    suggestions: list[Suggestion]
    """Best known first."""


SuggestText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_ACCEPTED_QUERY),
    Clean,
    Query(description="What was typed so far.", examples=["night tr"]),
]
