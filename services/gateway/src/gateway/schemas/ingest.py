"""Bringing media in from upstream catalogues."""

from typing import Annotated, Literal, Self

from fastapi import Header, Path
from pydantic import Field, StringConstraints

from gateway.schemas.fields import Clean, Schema
from gateway.schemas.media import MediaDetail
from tastebuds.ingest.v1 import ingest_service_pb2 as wire

SourceName = Annotated[str, StringConstraints(max_length=64), Clean]
Source = Annotated[
    SourceName,
    Path(
        description="google_books, tmdb, igdb, lastfm, open_library or musicbrainz.",
        examples=["tmdb"],
    ),
]
Identifier = Annotated[str, StringConstraints(max_length=512), Clean]
PageAddress = Annotated[str, StringConstraints(max_length=2048), Clean]
Prefer = Annotated[
    list[str],
    Header(
        default_factory=list,
        description="`respond-async` (RFC 7240): answer a failure worth waiting for with a job.",
        examples=[["respond-async"]],
    ),
]
State = Literal["ok", "degraded", "circuit_open", "off"]
STATES: dict[int, State] = {
    wire.SOURCE_STATE_OK: "ok",
    wire.SOURCE_STATE_DEGRADED: "degraded",
    wire.SOURCE_STATE_CIRCUIT_OPEN: "circuit_open",
    wire.SOURCE_STATE_OFF: "off",
}


class IngestRequest(Schema):
    external_id: Annotated[Identifier | None, Field(examples=["movie:603"])] = None
    """Wins over the address when both are given."""
    url: PageAddress | None = None
    """The address of the work's page at the source."""
    force_refresh: bool = False
    """Ask the source again and overwrite what is known."""
    defer: bool = False
    """Answer a failure worth waiting for with a job, as `Prefer: respond-async` does."""


class Ingested(Schema):
    media_item: MediaDetail
    source_name: str

    @classmethod
    def of(cls, reply: wire.IngestMediaResponse) -> Self:
        return cls(
            media_item=MediaDetail.with_sources(reply.item, reply.sources),
            source_name=reply.source_name,
        )


class SourceStatus(Schema):
    name: Annotated[str, Field(examples=["tmdb"])]
    state: State
    off_reason: str | None
    """Why it is off."""

    @classmethod
    def of(cls, status: wire.SourceStatus) -> Self:
        return cls(
            name=status.source,
            state=STATES.get(status.state, "degraded"),
            off_reason=status.off_reason or None,
        )
