"""Lidarr: albums."""

import re
from collections.abc import Mapping

from ingest import fields
from ingest.drafts import Json, MediaType
from ingest.webhooks.foreign_ids import ALBUM, foreign_ids
from ingest.webhooks.happenings import Guide, Part, Sender, Work
from ingest.webhooks.senders.arr_app import (
    CamelPart,
    File,
    Message,
    happening,
    instructions,
)

_DISC = re.compile(r"(?:cd|dis[ck]|vinyl) ?[0-9]+", re.IGNORECASE)
_FOLDER = re.compile(r"(.+?)(?: [(\[]([0-9]{4})[)\]])?")


class _Artist(CamelPart):
    name: fields.Line = None


class _Album(CamelPart):
    title: fields.Line = None
    mb_id: object = None
    release_date: fields.Day = None


class _Message(Message):
    artist: fields.Maybe[_Artist] = None
    album: fields.Maybe[_Album] = None
    # Of a grab.
    albums: fields.Parts[_Album] = ()
    track_files: fields.Parts[File] = ()

    def files(self) -> tuple[File, ...]:
        return self.track_files

    def work(self) -> Work | None:
        artist = self.artist.name if self.artist else None
        album = self.album or next(iter(self.albums), _Album())
        title, year = album.title, album.release_date.year if album.release_date else None
        if title is None:  # older builds tell no album, but its folder
            title, year = self._folder(artist)
        if title is None:
            return None
        return Work(
            media_type=MediaType.MUSIC,
            title=title,
            year=year,
            ids=foreign_ids(ALBUM, {"musicbrainzreleasegroup": album.mb_id}),
            artist=artist,
            album=title,
            is_album=True,
        )

    def _folder(self, artist: str | None) -> tuple[str | None, int | None]:
        """Title and year of `…/Artist/Album (Year)/[CD 1/]track`."""
        places = [file.place().parent for file in self.track_files if file.path]
        folders = [each.parent if _DISC.fullmatch(each.name) else each for each in places]
        match = _FOLDER.fullmatch(folders[0].name) if folders else None
        if match is None or fields.line(match[1]) == artist:
            return None, None
        return fields.line(match[1]), fields.positive(match[2])


def read(document: Mapping[str, Json]) -> tuple[Part, ...]:
    message = _Message.model_validate(document)
    return (Part(happening(message, message.work(), "Lidarr"), document),)


LIDARR = Sender(
    name="lidarr",
    guide=Guide(
        title="Lidarr",
        instructions=instructions("On Release Import and On Upgrade")
        + " An album is no single item here: nothing follows from it, unless you choose a track"
        " for it in the inbox.",
    ),
    read=read,
    example={
        "artist": {
            "id": 1,
            "name": "Test Name",
            "path": "C:\\testpath",
            "mbId": "aaaaa-aaa-aaaa-aaaaaa",
        },
        "albums": [{"id": 123, "title": "Test title"}],
        "eventType": "Test",
        "instanceName": "Lidarr",
    },
)
