"""What people call works."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from gateway.schemas.fields import Clean, MediaIds, Schema, StrictSchema
from tastebuds.catalog.v1 import tag_service_pb2 as pb

# That it may not be blank is for the catalogue to say, in the words that older clients know.
TagName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=64),
    Clean,
    Field(examples=["rainy day"]),
]


class Tag(Schema):
    id: str
    name: Annotated[str, Field(examples=["rainy day"])]
    is_shared: bool
    """Made by an administrator, for everybody."""
    media_count: int
    """Works that have it."""

    @classmethod
    def of(cls, tag: pb.Tag, **more: int) -> Self:
        return cls(
            id=tag.id,
            name=tag.name,
            is_shared=tag.is_shared,
            media_count=tag.media_count,
            **more,
        )


class AttachedTag(Tag):
    attached_count: int
    """How many of the works did not have it."""


class MediaTags(Schema):
    media_item_id: str
    tags: list[Tag]

    @classmethod
    def of(cls, media: pb.MediaTags) -> Self:
        return cls(media_item_id=media.media_item_id, tags=[Tag.of(tag) for tag in media.tags])


class NewTag(Schema):
    name: TagName
    is_shared: bool = False
    """For everybody; only administrators may."""


class TagRename(StrictSchema):
    name: TagName


class TagMerge(StrictSchema):
    into_tag_id: UUID


class TaggedMedia(Schema):
    """Either one work, or several."""

    media_item_id: Annotated[
        UUID | None, Field(examples=["0198c0de-6f3a-7cc0-9d1b-3b1f0a4e2c11"])
    ] = None
    """Of a work, or of a preview: then the work that it shows is brought into the catalogue."""
    media_item_ids: Annotated[MediaIds, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _names_some(self) -> Self:
        if (self.media_item_id is None) is (self.media_item_ids is None):
            raise PydanticCustomError(
                "one_or_many", "Either media_item_id or media_item_ids should be given"
            )
        return self

    @property
    def ids(self) -> list[UUID]:
        return self.media_item_ids or [one for one in (self.media_item_id,) if one]
