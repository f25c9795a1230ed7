"""Plex: a multipart form with the JSON in `payload` (and a picture, which is dropped)."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from pydantic import AliasGenerator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from ingest import fields
from ingest.drafts import Json
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.happenings import Guide, Happening, Part, Sender, What
from ingest.webhooks.moments import Moment
from ingest.webhooks.senders.library_item import Item, about

_WHAT = {
    "media.play": What.STARTED,
    "media.scrobble": What.FINISHED,  # past 90 %
    "library.new": What.ACQUIRED,
}
_REASONS = {
    "media.pause": "paused",
    "media.resume": "resumed",
    "media.stop": "stopped; media.scrobble tells what was played to its end",
    "media.rate": "a rating",
    "playback.started": "media.play tells the same",
    "library.on.deck": "what is up next there",
}
# imdb://tt1, tmdb://1, tvdb://1, mbid://…, and what agents of old wrote, with season and episode.
_GUID = re.compile(
    r"(?:com\.plexapp\.agents\.)?(imdb|tmdb|themoviedb|tvdb|thetvdb|hama|mbid)://([^/?]+)"
    r"(?:/([0-9]+))?(?:/([0-9]+))?.*"
)
_HAMA = re.compile(r"(imdb|tmdb|tvdb)[0-9]?-(.+)")
_NAMES = {"themoviedb": "tmdb", "thetvdb": "tvdb"}


class _Model(fields.Part):
    model_config = ConfigDict(alias_generator=AliasGenerator(validation_alias=to_camel))


class _Account(_Model):
    id: fields.Text = None
    title: fields.Line = None

    def names(self) -> tuple[str, ...]:
        return fields.unique((self.title, self.id))


class _Guid(_Model):
    id: fields.Text = None


class _Metadata(_Model):
    type: fields.Text = None
    subtype: fields.Text = None
    extra_type: fields.Text = None
    live: fields.Flag = None
    title: fields.Line = None
    parent_title: fields.Line = None
    grandparent_title: fields.Line = None
    # Of a track, where it is not that of the album.
    original_title: fields.Line = None
    index: fields.Ordinal = None
    parent_index: fields.Ordinal = None
    year: fields.Positive = None
    view_count: fields.Positive = None
    last_viewed_at: Moment = None
    added_at: Moment = None
    # Both are there at once, and mean different things.
    guid: fields.Text = None
    guids: fields.Parts[_Guid] = Field((), validation_alias="Guid")


class _Message(_Model):
    event: fields.Text = None
    account: fields.Maybe[_Account] = Field(None, validation_alias="Account")
    metadata: fields.Maybe[_Metadata] = Field(None, validation_alias="Metadata")


class _Guids(NamedTuple):
    """Ids by whose they are; those of an agent of old are the series', with an episode's place."""

    ids: Mapping[str, str]
    series_ids: Mapping[str, str]
    season: int | None = None
    number: int | None = None


def _guids(kind: str, own: Iterable[str | None], legacy: str | None) -> _Guids:
    """`own` are of the thing itself, `legacy` is what the agents of old gave instead."""
    ids = {match[1]: match[2] for each in own if each and (match := _GUID.fullmatch(each))}
    match = _GUID.fullmatch(legacy or "")
    name, value = (match[1], match[2]) if match else ("", "")
    if hama := _HAMA.fullmatch(value):
        name, value = hama[1], hama[2]
    elif name == "hama":
        name = ""
    old = {_NAMES.get(name, name): value} if name else {}
    if kind not in {"episode", "season"}:
        return _Guids({**old, **ids}, {})
    if match is None or match[3] is None:
        return _Guids(ids or old, {})
    return _Guids(ids, old, fields.ordinal(match[3]), fields.ordinal(match[4]))


def _item(metadata: _Metadata) -> Item:
    kind = (metadata.type or "").casefold()
    guids = _guids(kind, (each.id for each in metadata.guids), metadata.guid)
    is_music = kind in {"track", "album"}
    season = metadata.index if kind == "season" else metadata.parent_index
    number = metadata.index if kind == "episode" else None
    return Item(
        type=_type(metadata),
        name=metadata.title,
        year=None if kind in {"episode", "season", "track"} else metadata.year,
        ids=guids.ids,
        series_name=metadata.parent_title if kind == "season" else metadata.grandparent_title,
        series_ids=guids.series_ids,
        season=season if season is not None else guids.season,
        number=number if number is not None else guids.number,
        artist=_artist(metadata, kind) if is_music else None,
        album=metadata.parent_title if is_music else None,
    )


def _type(metadata: _Metadata) -> str | None:
    if metadata.live or (metadata.guid or "").startswith("tv.plex.xmltv://"):
        return "live"
    is_extra = metadata.extra_type is not None or (metadata.subtype or "").casefold() == "trailer"
    return "trailer" if is_extra else metadata.type


def _artist(metadata: _Metadata, kind: str) -> str | None:
    if kind == "album":
        return metadata.parent_title
    return metadata.original_title or metadata.grandparent_title


def read(document: Mapping[str, Json]) -> tuple[Part, ...]:
    message = _Message.model_validate(document)
    if message.event is None:
        raise Unreadable("it has no event")
    name, metadata = message.event.casefold(), message.metadata
    what = What.TEST if name.endswith("test") else _WHAT.get(name, What.NOTHING)
    reason = _REASONS.get(name, "not about a work") if what is What.NOTHING else ""
    told = Happening(
        what=what,
        event_name=message.event,
        reason=reason,
        at=_at(what, metadata) if metadata else None,
        accounts=message.account.names() if message.account else (),
        key=_key(what, metadata) if metadata else "",
    )
    return (Part(about(told, _item(metadata) if metadata else None, "Plex"), document),)


def _key(what: What, metadata: _Metadata) -> str:
    """A second view of the same is a second play."""
    is_view = what is What.FINISHED and metadata.view_count
    return f"view {metadata.view_count}" if is_view else ""


def _at(what: What, metadata: _Metadata) -> datetime | None:
    """At the start of a play, its last view is the one before."""
    times = {What.FINISHED: metadata.last_viewed_at, What.ACQUIRED: metadata.added_at}
    return times.get(what)


PLEX = Sender(
    name="plex",
    guide=Guide(
        title="Plex",
        instructions=(
            "Needs a Plex Pass; without it, use Tautulli. On app.plex.tv: your picture → Account "
            "Settings → Webhooks → Add Webhook, paste the address and save. Some versions of the "
            "server notice a new address only after a restart. Plex tells of the plays of "
            "everybody on the server: name your own account in this integration's accounts."
        ),
    ),
    read=read,
    example={
        "event": "webhook.test",
        "user": True,
        "owner": True,
        "Account": {"id": 1, "title": "ana"},
        "Server": {"title": "den", "uuid": "a1b2c3"},
    },
)
