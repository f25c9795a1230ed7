"""Jellyfin's own plugin (jellyfin-plugin-webhook), "Send All Properties" or a template.

A template makes text of everything ("True", ""), and may leave out any member.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator

from ingest import fields
from ingest.drafts import Json
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.happenings import Happening, What
from ingest.webhooks.moments import Moment
from ingest.webhooks.senders.library_item import Item, LoosePart, about, is_played

_PROVIDER = "provider_"
_WHAT = {"playbackstart": What.STARTED, "itemadded": What.ACQUIRED}
# The plugin's tester sends any of the latter too, about nothing.
_TESTS = frozenset({"generic", "none"})
_ON_ITEMS = frozenset({*_WHAT, "playbackstop", "userdatasaved"})
_REASONS = {
    "playbackprogress": "progress event",
    "itemdeleted": "deleted there; nothing is deleted here",
}
_SAVE_REASONS = {
    "playbackstart": "saved at the start of a play",
    "playbackprogress": "progress event",
    "updateuserrating": "a rating",
    "import": "imported there",
}


def _unescaped(value: object) -> str | None:
    """The plugin puts a backslash before each quotation mark, and JSON another."""
    words = fields.line(value)
    return words.replace('\\"', '"') if words else None


_Title = Annotated[str | None, BeforeValidator(_unescaped)]


class _Message(LoosePart):
    notification_type: fields.Text = None
    utc_timestamp: Moment = None
    timestamp: Moment = None
    name: _Title = None
    item_id: fields.Text = None
    item_type: fields.Text = None
    # Of a season or an episode it is the series'.
    year: fields.Positive = None
    run_time_ticks: fields.Whole = None
    series_name: _Title = None
    season_number: fields.Ordinal = None
    episode_number: fields.Ordinal = None
    episode_number_end: fields.Ordinal = None
    album: _Title = None
    artist: _Title = None
    playback_position_ticks: fields.Whole = None
    played_to_completion: fields.Flag = None
    played: fields.Flag = None
    save_reason: fields.Text = None
    user_id: fields.Text = None
    notification_username: _Title = None
    # As some versions call the same.
    username: _Title = None

    def accounts(self) -> tuple[str, ...]:
        user_id = (self.user_id or "").casefold()
        return fields.unique(
            (self.notification_username, self.username, user_id, user_id.replace("-", ""))
        )


def happening(document: Mapping[str, Json]) -> Happening:
    """Raises Unreadable."""
    message = _Message.model_validate(document)
    if message.notification_type is None:
        raise Unreadable("its NotificationType is empty")
    item = _item(message, document)
    what, reason = _meaning(message, item)
    told = Happening(
        what=what,
        event_name=message.notification_type,
        reason=reason,
        at=message.utc_timestamp or message.timestamp,
        accounts=message.accounts(),
    )
    return about(told, item, "Jellyfin")


def _item(message: _Message, document: Mapping[str, Json]) -> Item | None:
    ids = {
        name[len(_PROVIDER) :]: value
        for name, value in document.items()
        if name.casefold().startswith(_PROVIDER) and value not in (None, "")
    }
    if not (ids or message.name or message.item_id or message.series_name):
        return None
    return Item(
        type=message.item_type,
        name=message.name,
        year=message.year,
        ids=ids,
        series_name=message.series_name,
        season=message.season_number,
        number=message.episode_number,
        last_number=message.episode_number_end,
        artist=message.artist,
        album=message.album,
    )


def _meaning(message: _Message, item: Item | None) -> tuple[What, str]:
    name = (message.notification_type or "").casefold()
    if name in _TESTS or (name in _ON_ITEMS and item is None):
        return What.TEST, ""
    if name == "playbackstop":
        return _stop(message)
    if name == "userdatasaved":
        return _saved(message)
    if name in _WHAT:
        return _WHAT[name], ""
    return What.NOTHING, _REASONS.get(name, "not about a work")


def _stop(message: _Message) -> tuple[What, str]:
    completed = message.played_to_completion
    if completed is None:  # left out of a template
        completed = is_played(message.playback_position_ticks, message.run_time_ticks)
    return (What.FINISHED, "") if completed else (What.NOTHING, "stopped before the end")


def _saved(message: _Message) -> tuple[What, str]:
    """A tick by hand is told by nothing else; a finish is told by PlaybackStop too."""
    reason = (message.save_reason or "").casefold()
    match reason, message.played:
        case "toggleplayed" | "playbackfinished", True:
            return What.FINISHED, ""
        case "toggleplayed", False:
            return What.UNPLAYED, ""
        case "playbackfinished", False:
            return What.NOTHING, "stopped before the end"
    return What.NOTHING, _SAVE_REASONS.get(reason, "it does not say that it was played")
