"""Our own event, for scripts, IFTTT, n8n and all that has no sender of its own."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field, WithJsonSchema

from ingest import fields
from ingest.drafts import Json, MediaType
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.foreign_ids import FILM, SERIES, foreign_ids
from ingest.webhooks.happenings import (
    Episode,
    ForeignId,
    Guide,
    Happening,
    Part,
    Scheme,
    Sender,
    What,
    Work,
    noted,
)
from ingest.webhooks.moments import moment, unread
from ingest.webhooks.places import episode

_EVENTS = (What.STARTED, What.FINISHED, What.ACQUIRED, What.UNPLAYED, What.TEST)
# What others call them; only the names of _EVENTS and of MediaType are documented.
_WHAT = {
    **{each.value: each for each in _EVENTS},
    **dict.fromkeys(("start", "play", "playing"), What.STARTED),
    **dict.fromkeys(("finish", "played", "watched", "read", "listened"), What.FINISHED),
    **dict.fromkeys(("completed", "scrobble"), What.FINISHED),
    **dict.fromkeys(("added", "saved", "requested", "bought"), What.ACQUIRED),
    **dict.fromkeys(("unwatched", "unread"), What.UNPLAYED),
}
_MEDIA_TYPES = {
    **{each.value: each for each in MediaType},
    "film": MediaType.MOVIE,
    **dict.fromkeys(("series", "show", "episode"), MediaType.TV),
    **dict.fromkeys(("track", "song"), MediaType.MUSIC),
}
_SCHEMES = {
    MediaType.BOOK: {"isbn": Scheme.ISBN, "google_books": Scheme.GOOGLE_BOOKS},
    MediaType.MOVIE: FILM,
    MediaType.TV: SERIES,
    MediaType.GAME: {"igdb": Scheme.IGDB},
    MediaType.MUSIC: {
        "musicbrainz_recording": Scheme.MBID_RECORDING,
        "lastfm": Scheme.LASTFM,
    },
}
_OUR_OWN = {"tastebuds": Scheme.TASTEBUDS}
_ID_NAMES = sorted({name for each in (*_SCHEMES.values(), _OUR_OWN) for name in each})


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


_TEXT = WithJsonSchema({"type": "string"})
_Text = Annotated[fields.Line, _TEXT]
_Year = Annotated[
    fields.Positive,
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]*$"}),
]
_Place = Annotated[object, WithJsonSchema({"type": ["integer", "string"], "minimum": 0})]
_Event = Annotated[
    fields.Text, WithJsonSchema({"type": "string", "enum": [each.value for each in _EVENTS]})
]
_MediaType = Annotated[
    fields.Text, WithJsonSchema({"type": "string", "enum": [each.value for each in MediaType]})
]
_Time = Annotated[object, WithJsonSchema({"type": ["string", "integer"]})]
_Ids = Annotated[
    Mapping[str, object],
    BeforeValidator(_mapping),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {name: {"type": ["string", "integer"]} for name in _ID_NAMES},
        }
    ),
]


class _Message(fields.Part):
    """One thing that happened to one work. Every value may be a string, and an empty one is as
    good as none. Either ids or a title have to be there, unless the event is a test."""

    model_config = ConfigDict(title="Tastebuds event", json_schema_extra={"required": ["event"]})

    event: _Event = Field(None, description="What happened.")
    media_type: _MediaType = Field(
        None,
        validation_alias=AliasChoices("media_type", "mediaType", "type"),
        description="What it happened to; needed unless the event is a test.",
    )
    title: _Text = Field(
        None,
        validation_alias=AliasChoices("title", "name"),
        description="Of the film, series, book, game or track; of an episode, its series' title.",
    )
    year: _Year = Field(None, description="In which it came out first.")
    creator: _Text = Field(
        None,
        validation_alias=AliasChoices("creator", "author"),
        description="Who wrote or made it.",
    )
    artist: _Text = Field(None, description="Of a track; the same as creator.")
    album: _Text = Field(None, description="Of a track.")
    ids: _Ids = Field(
        default_factory=dict,
        description=(
            "Ids at catalogues; those of the other media types are ignored. Of an episode, its "
            "series' ids. lastfm is artist::track, tastebuds the id of an item here. They may "
            "also stand beside title, for forms that cannot be nested."
        ),
    )
    season: _Place = Field(
        None,
        validation_alias=AliasChoices("season", "season_number"),
        description="Of an episode; 0 for specials. With it or episode, it is no whole series.",
    )
    episode: _Place = Field(
        None,
        validation_alias=AliasChoices("episode", "episode_number"),
        description="Its number in the season, or both of them: S01E03.",
    )
    occurred_at: _Time = Field(
        None,
        validation_alias=AliasChoices("occurred_at", "played_at", "listened_at", "timestamp"),
        description=(
            "When it happened: ISO 8601, Unix seconds, or as IFTTT writes it; UTC unless it says "
            "otherwise. Without it, or when it cannot be read or lies ahead, it happened when it "
            "arrived."
        ),
    )
    account: _Text = Field(
        None,
        validation_alias=AliasChoices("account", "user", "username"),
        description="Whom it happened to, where that is not always you.",
    )
    id: _Text = Field(
        None,
        validation_alias=AliasChoices("id", "event_id"),
        description="Your own id of the event: sent again with the same, it counts once.",
    )
    note: _Text = Field(None, description="For the log entry.")

    def key(self) -> str:
        if self.id:
            return f"id {self.id}"
        at = moment(self.occurred_at)
        return at.isoformat() if at else ""


def read(document: Mapping[str, Json]) -> tuple[Part, ...]:
    message = _Message.model_validate(document)
    if message.event is None:
        raise Unreadable("it has no event")
    work = _work(message, document)
    what, reason = _meaning(message, work)
    happening = Happening(
        what=what,
        event_name=message.event,
        work=work,
        reason=reason,
        at=moment(message.occurred_at),
        unread_time=unread(message.occurred_at),
        accounts=fields.unique([message.account]),
        key=message.key(),
        note=message.note or _note(message, what, work),
    )
    return (Part(happening, document),)


def _note(message: _Message, what: What, work: Work | None) -> str:
    """Bought, requested, acquired …: as the sender calls it."""
    how = (message.event or "").capitalize() if what is What.ACQUIRED else ""
    return noted(how, work.episode.label() if work and work.episode else "")


def _meaning(message: _Message, work: Work | None) -> tuple[What, str]:
    what = _WHAT.get((message.event or "").casefold())
    if what is None:
        return What.NOTHING, f"the event is none of {', '.join(_EVENTS)}"
    if work is None and what is not What.TEST:
        return What.NOTHING, _why_no_work(message)
    return what, ""


def _why_no_work(message: _Message) -> str:
    media_type = _MEDIA_TYPES.get((message.media_type or "").casefold())
    if media_type is None:
        return f"the media_type is none of {', '.join(MediaType)}"
    if message.ids:
        names = ", ".join(_OUR_OWN | _SCHEMES[media_type])
        return f"it has no title, and none of its ids is one of a {media_type}: {names}"
    return "it has neither title nor ids"


def _work(message: _Message, document: Mapping[str, Json]) -> Work | None:
    media_type = _MEDIA_TYPES.get((message.media_type or "").casefold())
    if media_type is None:
        return None
    ids = _ids(media_type, {**document, **message.ids})
    if not (message.title or ids):
        return None
    return Work(
        media_type=media_type,
        title=message.title,
        year=message.year,
        ids=ids,
        episode=_episode(message) if media_type is MediaType.TV else None,
        artist=message.artist or message.creator,
        album=message.album,
    )


def _episode(message: _Message) -> Episode | None:
    given = episode(message.season, message.episode)
    is_said = (message.media_type or "").casefold() == "episode"
    return given or (Episode() if is_said else None)


def _ids(media_type: MediaType, given: Mapping[str, object]) -> tuple[ForeignId, ...]:
    """Our own catalogue writes a film's 900001 as movie:900001."""
    values = {
        name: (fields.text(given.get(name) or given.get(f"{name}_id")) or "").removeprefix(
            f"{media_type}:"
        )
        for name in _ID_NAMES
    }
    return foreign_ids(_OUR_OWN | _SCHEMES[media_type], values)


GENERIC = Sender(
    name="generic",
    guide=Guide(
        title="Scripts, IFTTT, n8n and others",
        instructions=(
            "POST one JSON object for each thing that happens to the address; the template is an "
            "example, the JSON Schema describes it all. For Spotify, which posts nothing itself: "
            "make an applet at IFTTT of a trigger of Spotify, such as a recently played track, and "
            "Webhooks, Make a web request, with the method POST, the content type "
            "application/json and this body: "
            '{"event": "finished", "media_type": "music", "title": "<<<{{TrackName}}>>>", '
            '"artist": "<<<{{ArtistName}}>>>", "album": "<<<{{AlbumName}}>>>", '
            '"occurred_at": "{{PlayedAt}}"}'
        ),
        template=(
            '{"event": "finished", "media_type": "movie", "title": "The Quiet Harbour", '
            '"year": 2019, "ids": {"tmdb": 900001}, "occurred_at": "2026-11-22T21:10:31Z", '
            '"id": "script-1"}'
        ),
        schema=_Message.model_json_schema(),
    ),
    read=read,
    example={"event": "test"},
)
