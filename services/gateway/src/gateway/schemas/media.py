"""Works as the public API shows and takes them."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

import orjson
from google.protobuf.message import Message
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from gateway.schemas.fields import (
    Code,
    Count,
    LongText,
    LongTitle,
    MediaIds,
    Metadata,
    Name,
    Schema,
    ShortText,
    StrictSchema,
    WebAddress,
)
from gateway.schemas.wire import moment, present
from tastebuds.catalog.v1 import media_pb2

Names = Annotated[list[Name], Field(max_length=50)]


class MediaType(StrEnum):
    BOOK = "book"
    MOVIE = "movie"
    TV = "tv"
    GAME = "game"
    MUSIC = "music"


TO_WIRE = {
    MediaType.BOOK: media_pb2.MEDIA_TYPE_BOOK,
    MediaType.MOVIE: media_pb2.MEDIA_TYPE_MOVIE,
    MediaType.TV: media_pb2.MEDIA_TYPE_TV,
    MediaType.GAME: media_pb2.MEDIA_TYPE_GAME,
    MediaType.MUSIC: media_pb2.MEDIA_TYPE_MUSIC,
}
FROM_WIRE: dict[int, MediaType] = {number: kind for kind, number in TO_WIRE.items()}
# `movie` serves films and series.
EXTENSIONS = {
    MediaType.BOOK: "book",
    MediaType.MOVIE: "movie",
    MediaType.TV: "movie",
    MediaType.GAME: "game",
    MediaType.MUSIC: "music",
}


class MediaBase(Schema):
    id: str
    media_type: MediaType
    title: str
    subtitle: str | None
    description: str | None
    release_date: Annotated[str | None, Field(examples=["1999-03-30"])]
    cover_image_url: str | None
    canonical_url: str | None
    metadata: dict[str, Any] | None
    creators: list[str]
    """The people a reader would name: authors, directors, developers, artists."""

    @classmethod
    def of(cls, item: media_pb2.MediaItem, **more: Any) -> Self:
        described = present(item, "metadata_json")
        return cls(
            id=item.id,
            media_type=FROM_WIRE[item.media_type],
            title=item.title,
            subtitle=present(item, "subtitle"),
            description=present(item, "description"),
            release_date=present(item, "release_date"),
            cover_image_url=present(item, "cover_image_url"),
            canonical_url=present(item, "canonical_url"),
            metadata=orjson.loads(described) if described else None,
            creators=list(item.creators),
            **more,
        )


class Source(Schema):
    id: str
    source_name: Annotated[str, Field(examples=["tmdb"])]
    external_id: Annotated[str, Field(examples=["movie:603"])]
    canonical_url: str | None
    fetched_at: datetime

    @classmethod
    def of(cls, source: media_pb2.MediaSource) -> Self:
        return cls(
            id=source.id,
            source_name=source.source_name,
            external_id=source.external_id,
            canonical_url=present(source, "canonical_url"),
            fetched_at=moment(source.fetched_at),
        )


class Book(Schema):
    authors: Names | None = None
    page_count: Count | None = None
    publisher: Name | None = None
    language: Annotated[Code | None, Field(examples=["pt"])] = None
    isbn_10: Code | None = None
    isbn_13: Code | None = None


class Movie(Schema):
    runtime_minutes: Count | None = None
    directors: Names | None = None
    producers: Names | None = None
    tmdb_type: Annotated[Code | None, Field(examples=["movie"])] = None
    imdb_id: Annotated[Code | None, Field(examples=["tt0133093"])] = None


class Game(Schema):
    platforms: Names | None = None
    developers: Names | None = None
    publishers: Names | None = None
    genres: Names | None = None


class Music(Schema):
    artist_name: Name | None = None
    album_name: Name | None = None
    track_number: Count | None = None
    duration_ms: Count | None = None
    mbid: Code | None = None


class NewMedia(Schema):
    """A work typed in by hand; of the extensions only the one of its type may be given."""

    media_type: MediaType
    title: Annotated[LongTitle, Field(examples=["The Book of Disquiet"])]
    subtitle: ShortText | None = None
    description: LongText | None = None
    release_date: date | None = None
    cover_image_url: WebAddress | None = None
    canonical_url: WebAddress | None = None
    metadata: Metadata | None = None
    book: Book | None = None
    movie: Movie | None = None
    """Films and series."""
    game: Game | None = None
    music: Music | None = None

    @model_validator(mode="after")
    def _has_only_its_own_extension(self) -> Self:
        for name in set(EXTENSIONS.values()) - {EXTENSIONS[self.media_type]}:
            if getattr(self, name) is not None:
                raise PydanticCustomError(
                    "foreign_extension",
                    "A work of type {kind} should not have {name}",
                    {"kind": self.media_type.value, "name": name},
                )
        return self

    def to_item(self) -> media_pb2.MediaItem:
        name = EXTENSIONS[self.media_type]
        extension: Schema | None = getattr(self, name)
        given = {} if extension is None else extension.model_dump(exclude_none=True)
        item = media_pb2.MediaItem(
            media_type=TO_WIRE[self.media_type],
            title=self.title,
            subtitle=self.subtitle,
            description=self.description,
            release_date=self.release_date.isoformat() if self.release_date else None,
            cover_image_url=self.cover_image_url,
            canonical_url=self.canonical_url,
            metadata_json=orjson.dumps(self.metadata).decode() if self.metadata else None,
        )
        extend = getattr(item, "screen" if name == "movie" else name)
        extend.SetInParent()
        extend.MergeFrom(type(extend)(**given))
        return item


class MediaDetail(MediaBase):
    sources: list[Source]
    book: Book | None = None
    movie: Movie | None = None
    """Films and series."""
    game: Game | None = None
    music: Music | None = None

    @classmethod
    def with_sources(
        cls, item: media_pb2.MediaItem, sources: Iterable[media_pb2.MediaSource], **more: Any
    ) -> Self:
        shown = [Source.of(source) for source in sources]
        return cls.of(item, sources=shown, **extension(item), **more)


class WantedWorks(StrictSchema):
    media_item_ids: MediaIds


def extension(item: media_pb2.MediaItem) -> dict[str, Schema]:
    """What is particular to its type, under the name of the member that shows it."""
    match item.WhichOneof("extension"):
        case "book":
            return {"book": _shown(Book, item.book)}
        case "screen":
            return {"movie": _shown(Movie, item.screen)}
        case "game":
            return {"game": _shown(Game, item.game)}
        case "music":
            return {"music": _shown(Music, item.music)}
        case None:
            return {}


def _shown(schema: type[Schema], message: Message) -> Schema:
    """Stored values are shown as they are: the limits are for what comes in."""
    values: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        if field.is_repeated:
            values[field.name] = list(getattr(message, field.name)) or None
        else:
            values[field.name] = present(message, field.name)
    return schema.model_construct(**values)
