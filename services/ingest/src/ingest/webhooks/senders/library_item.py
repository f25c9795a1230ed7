"""What media servers have in common: a library with things of many types, some of them works."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import AliasGenerator, ConfigDict, model_validator

from ingest import fields
from ingest.drafts import MediaType
from ingest.webhooks.foreign_ids import ALBUM, BOOK, EPISODE, FILM, SERIES, TRACK, foreign_ids
from ingest.webhooks.happenings import Episode, Happening, What, Work, noted

# Of the running time; where the servers themselves say that something was played.
_PLAYED_FROM = 0.9
# Two messages on the end of one play of a track come within seconds, two plays do not.
_LISTEN_SECONDS = 120

# The servers' names of types, and ours.
_KINDS = {
    "movie": "film",
    "series": "series",
    "show": "series",
    "season": "season",
    "episode": "episode",
    "audio": "track",
    "song": "track",
    "track": "track",
    "musicalbum": "album",
    "album": "album",
    "book": "book",
    "audiobook": "book",
}
_NO_WORKS = {
    "trailer": "a trailer",
    "clip": "a clip",
    "video": "a home video",
    "musicvideo": "a music video",
    "artist": "an artist",
    "musicartist": "an artist",
    "person": "a person",
    "photo": "a photo",
    "boxset": "a collection",
    "collection": "a collection",
    "playlist": "a playlist",
    "tvchannel": "live television",
    "livetvchannel": "live television",
    "livetvprogram": "live television",
    "tvprogram": "live television",
    "program": "live television",
    "recording": "live television",
    "live": "live television",
}


class LoosePart(fields.Part):
    """Members are found by names without case and underscores: templates are typed by hand."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda name: name.replace("_", ""))
    )

    @model_validator(mode="before")
    @classmethod
    def _fold_names(cls, members: object) -> object:
        if not isinstance(members, Mapping):
            return members
        return {str(name).replace("_", "").casefold(): each for name, each in members.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing of a library. `ids` are its own, by the names of who gave them, `series_ids` its
    series'; `year` is never an episode's; `type` is the server's own word."""

    type: str | None
    name: str | None = None
    year: int | None = None
    ids: Mapping[str, object] = field(default_factory=dict)
    series_name: str | None = None
    series_ids: Mapping[str, object] = field(default_factory=dict)
    season: int | None = None
    number: int | None = None
    last_number: int | None = None
    artist: str | None = None
    album: str | None = None

    def kind(self) -> str | None:
        """Ours for `type`; None of what is no work."""
        return _KINDS.get((self.type or "").casefold())

    def title(self) -> str | None:
        return self.series_name if self.kind() in {"season", "episode"} else self.name


def about(happening: Happening, item: Item | None, server: str) -> Happening:
    """The same, about `item` of `server`; nothing follows when that is no work."""
    work = _work(item) if item else None
    if happening.what in {What.NOTHING, What.TEST}:
        return replace(happening, work=work)
    if item is None or work is None:
        return replace(happening, what=What.NOTHING, reason=_why_no_work(item))
    how = f"Added in {server}" if happening.what is What.ACQUIRED else ""
    return replace(
        happening,
        work=work,
        key=happening.key or _listen(happening, work),
        note=noted(how, work.episode.label() if work.episode else ""),
    )


def _listen(happening: Happening, work: Work) -> str:
    """Which of the plays of a track it is, of which there may be many in an hour."""
    if happening.what is not What.FINISHED or work.media_type is not MediaType.MUSIC:
        return ""
    return str(int(happening.at.timestamp()) // _LISTEN_SECONDS) if happening.at else ""


def is_played(position: int | None, running_time: int | None) -> bool:
    """Both in the same unit; False when one of them is unknown."""
    return bool(position and running_time and position >= _PLAYED_FROM * running_time > 0)


def _why_no_work(item: Item | None) -> str:
    if item is None or not item.type or item.kind():
        return "it does not say which work"
    kind = _NO_WORKS.get(item.type.casefold())
    return f"not a work: {kind}" if kind else "not a work"


def _work(item: Item) -> Work | None:
    match item.kind():
        case "series" | "season" | "episode" as kind:
            work = _series(item, kind)
        case "track" | "album" as kind:
            work = _music(item, is_album=kind == "album")
        case "film":
            work = Work(media_type=MediaType.MOVIE, ids=foreign_ids(FILM, item.ids))
        case "book":
            work = Work(
                media_type=MediaType.BOOK, ids=foreign_ids(BOOK, item.ids), artist=item.artist
            )
        case _:
            return None
    work = replace(work, year=item.year, title=item.title())
    is_told = work.title or work.ids or (work.episode and work.episode.ids)
    return work if is_told else None


def _series(item: Item, kind: str) -> Work:
    """An episode's own ids stay with it, and a season's are asked for nowhere."""
    if kind == "series":
        return Work(media_type=MediaType.TV, ids=foreign_ids(SERIES, item.ids))
    episode = Episode(season=item.season)
    if kind == "episode":
        episode = Episode(
            season=item.season,
            number=item.number,
            last_number=item.last_number,
            title=item.name,
            ids=foreign_ids(EPISODE, item.ids),
        )
    ids = foreign_ids(SERIES, item.series_ids)
    return Work(media_type=MediaType.TV, ids=ids, episode=episode)


def _music(item: Item, *, is_album: bool) -> Work:
    return Work(
        media_type=MediaType.MUSIC,
        ids=foreign_ids(ALBUM if is_album else TRACK, item.ids),
        artist=item.artist,
        album=item.name if is_album else item.album,
        is_album=is_album,
    )
