"""Emby: JSON, or a multipart form with the JSON in `data`."""

from collections.abc import Mapping

from ingest import fields
from ingest.drafts import Json
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.happenings import Guide, Happening, Part, Sender, What
from ingest.webhooks.moments import Moment
from ingest.webhooks.senders.library_item import LoosePart, about, is_played
from ingest.webhooks.senders.media_dto import MediaDto, item_of

_WHAT = {
    "playback.start": What.STARTED,
    "item.markplayed": What.FINISHED,
    "item.markunplayed": What.UNPLAYED,
    "library.new": What.ACQUIRED,
    "system.notificationtest": What.TEST,
    "system.webhooktest": What.TEST,
}
_REASONS = {
    "playback.pause": "paused",
    "playback.unpause": "resumed",
    "playback.progress": "progress event",
    "item.rate": "a rating",
    "library.deleted": "deleted there; nothing is deleted here",
}


class _User(LoosePart):
    name: fields.Line = None
    id: fields.Text = None


class _Playback(LoosePart):
    position_ticks: fields.Whole = None
    # Left out of a play that was not.
    played_to_completion: fields.Flag = None


class _Message(LoosePart):
    event: fields.Text = None
    date: Moment = None
    user: fields.Maybe[_User] = None
    item: fields.Maybe[MediaDto] = None
    series: fields.Maybe[MediaDto] = None
    playback_info: fields.Maybe[_Playback] = None

    def is_played_to_completion(self) -> bool:
        playback = self.playback_info or _Playback()
        if playback.played_to_completion is not None:
            return playback.played_to_completion
        running_time = self.item.run_time_ticks if self.item else None
        return is_played(playback.position_ticks, running_time)


def read(document: Mapping[str, Json]) -> tuple[Part, ...]:
    message = _Message.model_validate(document)
    if message.event is None:
        raise Unreadable("it has no Event")
    name = message.event.casefold()
    what = _WHAT.get(name, What.NOTHING)
    reason = _REASONS.get(name, "not about a work") if what is What.NOTHING else ""
    if name == "playback.stop":
        is_over = message.is_played_to_completion()
        what, reason = (What.FINISHED, "") if is_over else (What.NOTHING, "stopped before the end")
    told = Happening(
        what=what,
        event_name=message.event,
        reason=reason,
        at=message.date,
        accounts=fields.unique((message.user.name, message.user.id)) if message.user else (),
    )
    return (Part(about(told, item_of(message.item, message.series), "Emby"), document),)


EMBY = Sender(
    name="emby",
    guide=Guide(
        title="Emby",
        instructions=(
            "Needs Emby Premiere. Your picture → Notifications (in older versions Server → "
            "Webhooks) → Add Notification → Webhooks: paste the address into Url, choose "
            "application/json if you are asked, and tick Playback Start and Stop, Mark Played and "
            "Unplayed and New Media Added. Send Test Notification marks it as connected."
        ),
    ),
    read=read,
    example={
        "Title": "Test Notification",
        "Description": "Test Notification Description",
        "Date": "2026-11-22T21:10:31.1234567Z",
        "Event": "system.notificationtest",
        "Severity": "Info",
        "Server": {"Name": "home", "Id": "5d1f0c3e9b7a4c55a0b1c2d3e4f50617", "Version": "4.9.1.0"},
    },
)
