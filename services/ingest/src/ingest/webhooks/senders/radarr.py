"""Radarr: films."""

from collections.abc import Mapping

from ingest import fields
from ingest.drafts import Json, MediaType
from ingest.webhooks.foreign_ids import FILM, foreign_ids
from ingest.webhooks.happenings import ForeignId, Guide, Part, Sender, Work
from ingest.webhooks.senders.arr_app import (
    CamelPart,
    File,
    Message,
    happening,
    instructions,
)


class _Movie(CamelPart):
    title: fields.Line = None
    year: fields.Positive = None
    tmdb_id: object = None
    imdb_id: object = None

    def ids(self) -> tuple[ForeignId, ...]:
        return foreign_ids(FILM, {"tmdb": self.tmdb_id, "imdb": self.imdb_id})


class _Message(Message):
    movie: fields.Maybe[_Movie] = None
    # What the release is taken for; it stands in for what the film lacks.
    remote_movie: fields.Maybe[_Movie] = None
    movie_file: fields.Maybe[File] = None

    def files(self) -> tuple[File, ...]:
        return (self.movie_file,) if self.movie_file else ()

    def work(self) -> Work | None:
        film, remote = self.movie or _Movie(), self.remote_movie or _Movie()
        file_name = self.movie_file.place().stem if self.movie_file else None
        title = film.title or remote.title or fields.line(file_name)
        ids = film.ids() or remote.ids()
        if not (title or ids):
            return None
        year = film.year or remote.year
        return Work(media_type=MediaType.MOVIE, title=title, year=year, ids=ids)


def read(document: Mapping[str, Json]) -> tuple[Part, ...]:
    message = _Message.model_validate(document)
    return (Part(happening(message, message.work(), "Radarr"), document),)


RADARR = Sender(
    name="radarr",
    guide=Guide(
        title="Radarr",
        instructions=instructions("On File Import, On File Upgrade and On Movie Added"),
    ),
    read=read,
    example={
        "movie": {
            "id": 1,
            "title": "Test Title",
            "year": 1970,
            "releaseDate": "1970-01-01",
            "folderPath": "C:\\testpath",
            "tmdbId": 0,
        },
        "remoteMovie": {"tmdbId": 1234, "imdbId": "5678", "title": "Test title", "year": 1970},
        "release": {"quality": "Test Quality", "releaseTitle": "Test Title"},
        "eventType": "Test",
        "instanceName": "Radarr",
    },
)
