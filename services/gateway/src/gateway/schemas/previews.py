"""Previews of works that a source outside knows, as the public API shows them."""

from datetime import datetime
from typing import Self

from gateway.schemas.media import Book, Game, MediaBase, Movie, Music, extension
from gateway.schemas.wire import moment, present
from tastebuds.ingest.v1 import preview_service_pb2 as pb


class Preview(MediaBase):
    """What a source's search says of a work; use `preview_id` as the id of a work to keep it."""

    preview_id: str
    source_name: str
    source_id: str
    source_url: str | None
    preview_expires_at: datetime
    book: Book | None = None
    movie: Movie | None = None
    """Films and series."""
    game: Game | None = None
    music: Music | None = None

    @classmethod
    def of_wire(cls, preview: pb.Preview) -> Self:
        preview.item.id = preview.id
        return cls.of(
            preview.item,
            preview_id=preview.id,
            source_name=preview.source_name,
            source_id=preview.external_id,
            source_url=present(preview, "source_url"),
            preview_expires_at=moment(preview.expires_at),
            **extension(preview.item),
        )
