"""Readarr and its forks: books."""

from collections.abc import Mapping

from pydantic import Field

from ingest import fields
from ingest.drafts import Json, MediaType
from ingest.webhooks.foreign_ids import BOOK, foreign_ids
from ingest.webhooks.happenings import Guide, Part, Sender, Work
from ingest.webhooks.senders.arr_app import (
    CamelPart,
    File,
    Message,
    happening,
    instructions,
)


class _Author(CamelPart):
    name: fields.Line = None


class _Edition(CamelPart):
    title: fields.Line = None
    isbn_13: object = Field(None, validation_alias="isbn13")


class _Book(CamelPart):
    title: fields.Line = None
    edition: fields.Maybe[_Edition] = None
    release_date: fields.Day = None


class _Message(Message):
    author: fields.Maybe[_Author] = None
    book: fields.Maybe[_Book] = None
    # Of a grab.
    books: fields.Parts[_Book] = ()
    book_files: fields.Parts[File] = ()

    def files(self) -> tuple[File, ...]:
        return self.book_files

    def work(self) -> Work | None:
        book = self.book or next(iter(self.books), _Book())
        edition = book.edition or _Edition()
        title = book.title or edition.title
        ids = foreign_ids(BOOK, {"isbn": edition.isbn_13})
        if not (title or ids):
            return None
        return Work(
            media_type=MediaType.BOOK,
            title=title,
            year=book.release_date.year if book.release_date else None,
            ids=ids,
            artist=self.author.name if self.author else None,
        )


def read(document: Mapping[str, Json]) -> tuple[Part, ...]:
    message = _Message.model_validate(document)
    return (Part(happening(message, message.work(), "Readarr"), document),)


READARR = Sender(
    name="readarr",
    guide=Guide(
        title="Readarr",
        instructions=instructions("On Release Import and On Upgrade")
        + " Readarr itself is retired; its forks post the same.",
    ),
    read=read,
    example={
        "author": {"id": 1, "name": "Test Author", "goodreadsId": "aaaaa"},
        "books": [{"id": 123, "goodreadsId": "bbbbb", "title": "Test title"}],
        "eventType": "Test",
        "instanceName": "Readarr",
    },
)
