"""Seerr, and Overseerr and Jellyseerr, which became it: its template, nested or made flat.

All values are strings, empty when not known. The template is edited by hand, so that any member
may be missing, and may have the name of its variable.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from ingest import fields
from ingest.drafts import Json, MediaType
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.foreign_ids import FILM, SERIES, foreign_ids
from ingest.webhooks.happenings import Guide, Happening, Part, Sender, What, Work, noted

_ACQUIRED = {
    "media_approved": ("approved", "Requested at Seerr"),
    "media_auto_approved": ("approved", "Requested at Seerr"),
    "media_available": ("available", "Available at Seerr"),
}
_REASONS = {
    "media_pending": "asked for; it waits for approval",
    "media_auto_requested": "asked for; it waits for approval",
    "media_declined": "declined there",
    "media_failed": "it failed there",
}
_TYPES = {"movie": (MediaType.MOVIE, FILM), "tv": (MediaType.TV, SERIES)}
_NESTED = frozenset({"media", "request"})
_DECORATION = re.compile(r"[{}_\s]")
_SUBJECT = re.compile(r"(.+?)(?: \(([0-9]{4})\))?")
_VARIABLE = re.compile(r"\{\{.*\}\}")


def read(document: Mapping[str, Json]) -> tuple[Part, ...]:
    members = _flat(document)
    event_name = members.get("notificationtype")
    if event_name is None:
        raise Unreadable("it has no notification_type")
    return (Part(_happening(event_name, members, _note(document)), document),)


def _happening(event_name: str, members: Mapping[str, str], note: str) -> Happening:
    name = event_name.casefold()
    if name == "test_notification":
        return Happening(what=What.TEST, event_name=event_name)
    told = Happening(
        what=What.NOTHING,
        event_name=event_name,
        work=_work(members),
        accounts=fields.unique([members.get("requestedbyusername")]),
        note=note,
    )
    if name not in _ACQUIRED:
        return replace(told, reason=_REASONS.get(name, "not about a request"))
    if told.work is None:
        return replace(told, reason="it does not say which work")
    state, how = _ACQUIRED[name]
    key = f"{state} {members.get('requestid', '')}"
    return replace(told, what=What.ACQUIRED, key=key, note=noted(how, note))


def _work(members: Mapping[str, str]) -> Work | None:
    media_type, schemes = _TYPES.get(members.get("mediatype", "").casefold(), (None, {}))
    if media_type is None:
        return None
    given = {name: members.get(f"{name}id", members.get(f"media{name}id")) for name in schemes}
    match = _SUBJECT.fullmatch(members.get("subject", ""))
    title, year = (match[1], fields.positive(match[2])) if match else (None, None)
    ids = foreign_ids(schemes, given)
    return Work(media_type=media_type, title=title, year=year, ids=ids) if title or ids else None


def _note(document: Mapping[str, Json]) -> str:
    """Such as "Requested Seasons: 1, 2"."""
    for each in fields.objects(document.get("extra")):
        members = _flat(each) if isinstance(each, Mapping) else {}
        if "season" in members.get("name", "").casefold() and "value" in members:
            return f"{members['name']}: {members['value']}"
    return ""


def _flat(document: Mapping[str, Json]) -> dict[str, str]:
    """Texts by names without case, underscores and braces, those of media and request too."""
    members: dict[str, str] = {}
    for given, value in document.items():
        name = _DECORATION.sub("", given).casefold()
        words = fields.line(value)
        if name in _NESTED and isinstance(value, Mapping):
            members |= _flat(value)
        elif words is not None and not _VARIABLE.fullmatch(words):
            members[name] = words
    return members


SEERR = Sender(
    name="seerr",
    guide=Guide(
        title="Seerr (Overseerr, Jellyseerr)",
        instructions=(
            "Settings → Notifications → Webhook: Enable Agent, paste the address into Webhook URL, "
            "leave the JSON Payload as it is (Reset to Default if it was changed), tick Request "
            "Approved, Request Automatically Approved and Request Available, then Test and Save. "
            "Seerr tells of everybody's requests: name your own account in this integration's "
            "accounts."
        ),
    ),
    read=read,
    example={
        "notification_type": "TEST_NOTIFICATION",
        "event": "",
        "subject": "Test Notification",
        "message": "Check check, 1, 2, 3. Are we coming in clear?",
        "image": "",
        "media": None,
        "request": None,
        "issue": None,
        "comment": None,
        "extra": [],
    },
)
