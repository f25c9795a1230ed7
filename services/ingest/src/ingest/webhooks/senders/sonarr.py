"""Sonarr: series."""

from collections.abc import Mapping

from ingest import fields
from ingest.drafts import Json, MediaType
from ingest.webhooks.foreign_ids import SERIES, foreign_ids
from ingest.webhooks.happenings import Episode, Guide, Part, Sender, Work
from ingest.webhooks.senders.arr_app import (
    CamelPart,
    File,
    Message,
    happening,
    instructions,
)


class _Series(CamelPart):
    title: fields.Line = None
    year: fields.Positive = None
    tvdb_id: object = None
    tmdb_id: object = None
    imdb_id: object = None


class _Episode(CamelPart):
    season_number: fields.Ordinal = None
    episode_number: fields.Ordinal = None
    title: fields.Line = None

    def place(self) -> tuple[int, int]:
        return self.season_number or 0, self.episode_number or 0


class _Message(Message):
    series: fields.Maybe[_Series] = None
    episodes: fields.Parts[_Episode] = ()
    # The import of one file has the first, its "import complete" the second.
    episode_file: fields.Maybe[File] = None
    episode_files: fields.Parts[File] = ()

    def files(self) -> tuple[File, ...]:
        return (self.episode_file,) if self.episode_file else self.episode_files

    def work(self) -> Work | None:
        """The series: which of its episodes came says the note, or the two shapes would differ."""
        series = self.series or _Series()
        ids = foreign_ids(
            SERIES, {"tvdb": series.tvdb_id, "tmdb": series.tmdb_id, "imdb": series.imdb_id}
        )
        if not (series.title or ids):
            return None
        return Work(media_type=MediaType.TV, title=series.title, year=series.year, ids=ids)

    def note(self) -> str:
        if not self.episodes:
            return ""
        first, last = (choose(self.episodes, key=_Episode.place) for choose in (min, max))
        if first.season_number != last.season_number:
            return f"{len(self.episodes)} episodes"
        return Episode(
            season=first.season_number,
            number=first.episode_number,
            last_number=last.episode_number,
            title=first.title if first == last else None,
        ).label()


def read(document: Mapping[str, Json]) -> tuple[Part, ...]:
    message = _Message.model_validate(document)
    return (Part(happening(message, message.work(), "Sonarr", message.note()), document),)


SONARR = Sender(
    name="sonarr",
    guide=Guide(
        title="Sonarr",
        instructions=instructions("On File Import (or On Import Complete) and On Series Add"),
    ),
    read=read,
    example={
        "series": {
            "id": 1,
            "title": "Test Title",
            "path": "C:\\testpath",
            "tvdbId": 1234,
            "tvMazeId": 0,
            "tmdbId": 0,
            "type": "standard",
        },
        "episodes": [{"id": 123, "episodeNumber": 1, "seasonNumber": 1, "title": "Test title"}],
        "eventType": "Test",
        "instanceName": "Sonarr",
    },
)
