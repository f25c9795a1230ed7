"""What Radarr, Sonarr, Lidarr and Readarr have in common: their events and what follows."""

from datetime import datetime
from pathlib import PurePosixPath

from pydantic import AliasChoices, AliasGenerator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from ingest import fields
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.happenings import Happening, What, Work, noted
from ingest.webhooks.moments import Moment

_DELETED = "deleted there; nothing is deleted here"
_ADDED = frozenset({"movieadded", "seriesadd"})
_REASONS = {
    "grab": "grabbed; the import follows",
    "rename": "files were renamed",
    "retag": "files were retagged",
    "health": "about the health of the app",
    "healthrestored": "about the health of the app",
    "applicationupdate": "the app was updated",
    "manualinteractionrequired": "an import waits for a person there",
    "downloadfailure": "the download failed",
    "importfailure": "the import failed",
    "artistadd": "an artist is not a work",
    "authoradded": "an author is not a work",
    "artistdelete": _DELETED,
    "authordelete": _DELETED,
    "moviedelete": _DELETED,
    "seriesdelete": _DELETED,
    "albumdelete": _DELETED,
    "bookdelete": _DELETED,
    "moviefiledelete": _DELETED,
    "episodefiledelete": _DELETED,
    "bookfiledelete": _DELETED,
}


class CamelPart(fields.Part):
    model_config = ConfigDict(alias_generator=AliasGenerator(validation_alias=to_camel))


class File(CamelPart):
    id: fields.Text = None
    path: fields.Text = None
    relative_path: fields.Text = None
    date_added: Moment = None

    def place(self) -> PurePosixPath:
        return PurePosixPath((self.relative_path or self.path or "").replace("\\", "/"))


class Message(CamelPart):
    """The members that every one of the four has; older builds lack all but the first."""

    event_type: fields.Text = Field(None, validation_alias=AliasChoices("eventType", "event_type"))
    download_id: fields.Text = None
    is_upgrade: fields.Flag = None

    def files(self) -> tuple[File, ...]:
        """Those that were imported."""
        return ()

    def import_key(self) -> str:
        """An import that is told twice has one download, or the same files."""
        ids = sorted(file.id for file in self.files() if file.id)
        return self.download_id or (f"files {' '.join(ids)}" if ids else "")

    def imported_at(self) -> datetime | None:
        return max((file.date_added for file in self.files() if file.date_added), default=None)


def happening(message: Message, work: Work | None, app: str, note: str = "") -> Happening:
    """What follows from a message of `app` about `work`. Raises Unreadable."""
    if message.event_type is None:
        raise Unreadable("it has no eventType")
    name = message.event_type.casefold()
    if name == "test":
        return Happening(what=What.TEST, event_name=message.event_type)
    if name == "download" and work is not None:
        return Happening(
            what=What.ACQUIRED,
            event_name=message.event_type,
            work=work,
            reason="a better file of what was there" if message.is_upgrade else "",
            at=message.imported_at(),
            key=message.import_key(),
            note=noted(f"Imported by {app}", note),
        )
    if name in _ADDED and work is not None:
        return Happening(
            what=What.ACQUIRED,
            event_name=message.event_type,
            work=work,
            key="added",
            note=f"Added in {app}",
        )
    return Happening(
        what=What.NOTHING,
        event_name=message.event_type,
        work=work,
        reason=_why_nothing(name),
        note=note,
    )


def _why_nothing(name: str) -> str:
    if name == "download" or name in _ADDED:
        return "it does not say what was added"
    return _REASONS.get(name, "an event that nothing follows from")


def instructions(events: str) -> str:
    """Where to click in any of the four."""
    return (
        "Settings → Connect → + → Webhook. Paste the address into URL, leave the method at POST, "
        f"tick {events}, then Test and Save. Other events do no harm."
    )
