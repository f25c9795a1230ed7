"""Any of the four *arr apps at one address: which one it is, its message tells."""

from collections.abc import Mapping
from dataclasses import replace

from ingest import fields
from ingest.drafts import Json
from ingest.webhooks.happenings import Guide, Part, Sender, What
from ingest.webhooks.senders.arr_app import Message, happening, instructions
from ingest.webhooks.senders.lidarr import LIDARR
from ingest.webhooks.senders.radarr import RADARR
from ingest.webhooks.senders.readarr import READARR
from ingest.webhooks.senders.sonarr import SONARR

_APPS = {
    RADARR.name: (RADARR, ("movie", "remoteMovie", "movieFile")),
    SONARR.name: (SONARR, ("series", "episodes", "episodeFile")),
    LIDARR.name: (LIDARR, ("artist", "album", "albums", "trackFiles")),
    READARR.name: (READARR, ("author", "book", "books", "bookFiles")),
}


def app_of(document: Mapping[str, Json]) -> Sender | None:
    """Which of the four it is from; None when it says neither its name nor any work."""
    for app, members in _APPS.values():
        if any(document.get(member) for member in members):
            return app
    name = (fields.text(document.get("instanceName")) or "").casefold()
    return next((app for app, _ in _APPS.values() if app.name in name), None)


def astray(name: str, document: Mapping[str, Json]) -> tuple[Part, ...]:
    """What another of the four posted to the address of `name`, so that nothing follows from it;
    empty of all else."""
    app = app_of(document)
    if name not in _APPS or app is None or app.name == name:
        return ()
    whose = f"{app.guide.title}'s"
    why = f"this looks like {whose}: use {whose} address, or one for any of the four"
    return tuple(
        replace(part, happening=replace(part.happening, what=What.NOTHING, reason=why))
        for part in app.read(document)
    )


def read(document: Mapping[str, Json]) -> tuple[Part, ...]:
    app = app_of(document)
    if app is not None:
        return tuple(app.read(document))
    message = Message.model_validate(document)
    return (Part(happening(message, None, ""), document),)


ARR = Sender(
    name="arr",
    guide=Guide(
        title="Radarr, Sonarr, Lidarr and Readarr",
        instructions="One address for all of them. "
        + instructions("those of imports, upgrades and additions"),
    ),
    read=read,
    example=RADARR.example,
)
