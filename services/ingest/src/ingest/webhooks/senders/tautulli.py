"""Tautulli: it posts what its user pastes, which is our template.

Unlike Plex itself, it gives an episode the ids of its series.
"""

import re
from collections.abc import Mapping
from typing import Annotated

import orjson
from pydantic import BeforeValidator

from ingest import fields
from ingest.drafts import Json
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.happenings import Guide, Happening, Part, Sender, What
from ingest.webhooks.moments import Moment
from ingest.webhooks.senders.library_item import Item, LoosePart, about

_WHAT = {
    "test": What.TEST,
    "play": What.STARTED,
    "watched": What.FINISHED,
    "created": What.ACQUIRED,  # recently added
}
_REASONS = {
    "pause": "paused",
    "resume": "resumed",
    "stop": "stopped; watched tells what was played to its end",
    "buffer": "progress event",
    "change": "progress event",
}
# Of what was added together: 1-3.
_SPAN = re.compile(r"([0-9]+)(?:-([0-9]+))?")
_TEMPLATE = {
    "event": "{action}",
    "media_type": "{media_type}",
    "live": "{live}",
    "title": "{title}",
    "year": "{year}",
    "show_name": "{show_name}",
    "show_year": "{show_year}",
    "season": "{season_num}",
    "episode": "{episode_num}",
    "episode_name": "{episode_name}",
    "artist": "{track_artist}",
    "album": "{album_name}",
    "track": "{track_name}",
    "imdb_id": "{imdb_id}",
    "tmdb_id": "{themoviedb_id}",
    "tvdb_id": "{thetvdb_id}",
    "musicbrainz_id": "{musicbrainz_id}",
    "user": "{username}",
    "user_id": "{user_id}",
    "time": "{unixtime}",
}


def _span(value: object) -> tuple[int | None, int | None]:
    match = _SPAN.fullmatch(fields.text(value) or "")
    return (fields.ordinal(match[1]), fields.ordinal(match[2])) if match else (None, None)


_Span = Annotated[tuple[int | None, int | None], BeforeValidator(_span)]


class _Message(LoosePart):
    event: fields.Text = None
    media_type: fields.Text = None
    live: fields.Flag = None
    title: fields.Line = None
    year: fields.Positive = None
    show_name: fields.Line = None
    show_year: fields.Positive = None
    season: _Span = (None, None)
    episode: _Span = (None, None)
    episode_name: fields.Line = None
    artist: fields.Line = None
    album: fields.Line = None
    track: fields.Line = None
    imdb_id: object = None
    tmdb_id: object = None
    tvdb_id: object = None
    musicbrainz_id: object = None
    user: fields.Line = None
    user_id: fields.Text = None
    time: Moment = None

    def item(self) -> Item:
        kind = (self.media_type or "").casefold()
        ids = {"imdb": self.imdb_id, "tmdb": self.tmdb_id, "tvdb": self.tvdb_id}
        is_part = kind in {"episode", "season"}
        names = {"episode": self.episode_name, "track": self.track, "album": self.album}
        (first, last) = self.episode
        return Item(
            type="live" if self.live else self.media_type,
            name=names.get(kind) or self.title,
            year=self.show_year if is_part else self.year,
            ids={"mbid": self.musicbrainz_id} if kind == "track" else {} if is_part else ids,
            series_name=self.show_name,
            series_ids=ids if is_part else {},
            season=self.season[0],
            number=first,
            last_number=last,
            artist=self.artist,
            album=self.album,
        )


def read(document: Mapping[str, Json]) -> tuple[Part, ...]:
    message = _Message.model_validate(document)
    if message.event is None:
        raise Unreadable("it has no event: paste the template of the instructions")
    name = message.event.casefold()
    what = _WHAT.get(name, What.NOTHING)
    told = Happening(
        what=what,
        event_name=message.event,
        reason=_REASONS.get(name, "not about a work") if what is What.NOTHING else "",
        at=message.time,
        accounts=fields.unique((message.user, message.user_id)),
    )
    return (Part(about(told, message.item() if message.media_type else None, "Plex"), document),)


TAUTULLI = Sender(
    name="tautulli",
    guide=Guide(
        title="Tautulli",
        instructions=(
            "For Plex without a Plex Pass. Settings → Notification Agents → Add a new notification "
            "agent → Webhook. Configuration: paste the address into Webhook URL, method POST. "
            "Triggers: Playback Start, Watched and Recently Added. Data: paste the template into "
            "JSON Data of each of these, and leave JSON Headers empty. Test Notifications: paste "
            '{"event": "test"} into JSON Data and send it. To tell of your own plays only, add the '
            "condition Username is you, or name your account in this integration's accounts."
        ),
        template=orjson.dumps(_TEMPLATE, option=orjson.OPT_INDENT_2).decode(),
    ),
    read=read,
    example={"event": "test"},
)
