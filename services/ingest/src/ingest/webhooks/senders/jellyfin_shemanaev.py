"""Jellyfin's other plugin (shemanaev/jellyfin-plugin-webhooks), format "Default"."""

from collections.abc import Mapping

from ingest import fields
from ingest.drafts import Json
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.happenings import Happening, What
from ingest.webhooks.senders.library_item import LoosePart, about, is_played
from ingest.webhooks.senders.media_dto import MediaDto, UserData, item_of

_WHAT = {
    "play": What.STARTED,
    "scrobble": What.FINISHED,  # past 90 %
    "markplayed": What.FINISHED,
    "markunplayed": What.UNPLAYED,
    "itemadded": What.ACQUIRED,
}
_REASONS = {
    "pause": "paused",
    "resume": "resumed",
    "progress": "progress event",
    "rate": "a rating",
    "itemremoved": "deleted there; nothing is deleted here",
    "itemupdated": "its metadata changed",
}


class _User(LoosePart):
    name: fields.Line = None
    id: fields.Text = None

    def accounts(self) -> tuple[str, ...]:
        user_id = (self.id or "").casefold()
        return fields.unique((self.name, user_id, user_id.replace("-", "")))


class _PlayState(LoosePart):
    position_ticks: fields.Whole = None


class _Session(LoosePart):
    play_state: fields.Maybe[_PlayState] = None


class _Message(LoosePart):
    event: fields.Text = None
    item: fields.Maybe[MediaDto] = None
    series: fields.Maybe[MediaDto] = None
    user: fields.Maybe[_User] = None
    session: fields.Maybe[_Session] = None

    def user_data(self) -> UserData:
        return (self.item.user_data if self.item else None) or UserData()

    def listen(self) -> str:
        """Which play of a track it is: the body has no time."""
        count = self.user_data().play_count
        is_track = self.item is not None and (self.item.type or "").casefold() == "audio"
        return f"play {count}" if is_track and count else ""

    def position(self) -> int | None:
        state = self.session.play_state if self.session else None
        return self.user_data().playback_position_ticks or (state.position_ticks if state else None)


def happening(document: Mapping[str, Json]) -> Happening:
    """Raises Unreadable."""
    message = _Message.model_validate(document)
    if message.event is None:
        raise Unreadable("its Event is empty")
    name = message.event.casefold()
    what = _WHAT.get(name, What.NOTHING)
    reason = "" if what is not What.NOTHING else _REASONS.get(name, "not about a work")
    if name == "stop":
        what, reason = _stop(message)
    told = Happening(
        what=what,
        event_name=message.event,
        reason=reason,
        accounts=message.user.accounts() if message.user else (),
        key=message.listen(),
    )
    return about(told, item_of(message.item, message.series), "Jellyfin")


def _stop(message: _Message) -> tuple[What, str]:
    """What was played once stays marked so: a play that stops half-way leaves its position."""
    running_time = message.item.run_time_ticks if message.item else None
    position, saved = message.position(), message.user_data()
    if position and running_time:
        is_over = is_played(position, running_time)
    else:
        is_over = saved.played is True and not saved.playback_position_ticks
    return (What.FINISHED, "") if is_over else (What.NOTHING, "stopped before the end")
