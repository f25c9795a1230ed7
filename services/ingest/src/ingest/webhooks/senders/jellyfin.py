"""Jellyfin: two plugins, of which a server has either, post to one address."""

from collections.abc import Mapping

from ingest.drafts import Json
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.happenings import Guide, Part, Sender
from ingest.webhooks.senders import jellyfin_official, jellyfin_shemanaev


def read(document: Mapping[str, Json]) -> tuple[Part, ...]:
    names = {name.casefold() for name in document}
    if "notificationtype" in names:
        return (Part(jellyfin_official.happening(document), document),)
    if "event" in names:
        return (Part(jellyfin_shemanaev.happening(document), document),)
    raise Unreadable("it has neither NotificationType nor Event")


JELLYFIN = Sender(
    name="jellyfin",
    guide=Guide(
        title="Jellyfin",
        instructions=(
            "Dashboard → Plugins → Catalogue: install Webhook and restart. Plugins → Webhook → Add "
            "Generic Destination: paste the address into Webhook Url, tick Playback Start, "
            "Playback Stop, User Data Saved (for what is marked by hand) and Item Added, the item "
            "types Movies, Episodes, Season, Series, Albums and Songs, and Send All Properties, "
            "which makes a template needless. Users of the other plugin, Webhooks by shemanaev, "
            "paste the same address there, with the format Default and the events Play, Stop, "
            "Scrobble, MarkPlayed, MarkUnplayed and ItemAdded."
        ),
    ),
    read=read,
    example={
        "ServerId": "5d1f0c3e9b7a4c55a0b1c2d3e4f50617",
        "ServerName": "home",
        "ServerVersion": "10.11.4",
        "ServerUrl": "https://jellyfin.example.org",
        "NotificationType": "PlaybackStart",
        "ItemType": "None",
    },
)
