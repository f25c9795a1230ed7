"""A work with where each of its fields comes from and where it appears; and what is set by hand."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from gateway.schemas.fields import (
    LongText,
    LongTitle,
    Schema,
    ShortText,
    StrictSchema,
    WebAddress,
)
from gateway.schemas.media import MediaDetail
from gateway.schemas.wire import moment
from tastebuds.catalog.v1 import media_service_pb2 as pb

ORIGIN = {"source_name": "tmdb", "external_id": "movie:603", "at": "2026-11-23T08:15:30.123456Z"}


class FieldSource(Schema):
    source_name: Annotated[str, Field(examples=["tmdb"])]
    """A source, or `manual`, `override` (set by an administrator) or `own` (set by you)."""
    external_id: str | None
    """At that source."""
    at: datetime
    """When the source said so, or when it was set."""

    @classmethod
    def of(cls, field: pb.FieldSource) -> Self:
        return cls(
            source_name=field.source_name,
            external_id=field.external_id or None,
            at=moment(field.at),
        )


class Appearance(Schema):
    slug: Annotated[str, Field(examples=["a-night-in-lisbon"])]
    title: Annotated[str, Field(examples=["A night in Lisbon"])]


class TracedMedia(MediaDetail):
    field_sources: Annotated[dict[str, FieldSource], Field(examples=[{"title": ORIGIN}])]
    """Where each field that has a value comes from; `details` is what is particular to the type."""

    @classmethod
    def of_override(cls, reply: pb.OverrideMediaResponse) -> Self:
        return cls.with_sources(
            reply.item, reply.sources, field_sources=_by_field(reply.field_sources)
        )


class MediaPage(TracedMedia):
    appears_in: list[Appearance]
    """Public menus, last changed first, at most 20."""
    appearance_count: int
    """How many there are in all."""

    @classmethod
    def of_reply(cls, reply: pb.GetMediaResponse) -> Self:
        return cls.with_sources(
            reply.item,
            reply.sources,
            field_sources=_by_field(reply.field_sources),
            appears_in=[Appearance(slug=one.slug, title=one.title) for one in reply.appears_in],
            appearance_count=reply.appearance_count,
        )


class Overrides(StrictSchema):
    """Members left out stay as they are; null gives the word back to the sources."""

    title: Annotated[LongTitle | None, Field(examples=["Tidewatch"])] = None
    subtitle: ShortText | None = None
    description: LongText | None = None
    release_date: date | None = None
    cover_image_url: WebAddress | None = None
    for_everybody: bool = False
    """Instead of for yourself; only administrators may."""

    def to_wire(self, media_id: UUID) -> pb.OverrideMediaRequest:
        return pb.OverrideMediaRequest(
            media_item_id=str(media_id),
            title=self.title,
            subtitle=self.subtitle,
            description=self.description,
            release_date=self.release_date.isoformat() if self.release_date else None,
            cover_image_url=self.cover_image_url,
            changed=sorted(self.model_fields_set - {"for_everybody"}),
            for_everybody=self.for_everybody,
        )


def _by_field(sources: Iterable[pb.FieldSource]) -> dict[str, FieldSource]:
    return {one.field: FieldSource.of(one) for one in sources}
