"""What taking an offered undo means, and how it ended: no input, no output."""

from typing import NamedTuple

from ingest.clients.library import Activity, Deed, Standing
from ingest.inbox.errors import NothingOffered
from ingest.models import WebhookEvent
from ingest.webhooks.happenings import Happening
from ingest.webhooks.states import EventState

UNDONE = "undone by you"
NOTHING_HERE = "nothing here to take back"


class Ending(NamedTuple):
    state: EventState
    decision: str
    effects: list[str]


def is_over(event: WebhookEvent) -> bool:
    """Whether the offer was taken before."""
    return event.decision.startswith((UNDONE, NOTHING_HERE)) and EventState(event.state).is_over


def deed(event: WebhookEvent, happening: Happening) -> Deed:
    """Of an episode it is only noted: the series as a whole was not un-played."""
    if event.media_item_id is None:
        raise NothingOffered
    episode = happening.work.episode if happening.work else None
    label = (episode.label() or "An episode") if episode else ""
    return Deed(
        user_id=event.user_id,
        media_item_id=event.media_item_id,
        activity=Activity.NOTED if episode else Activity.UNDONE,
        key=f"undo:{event.id}:{event.media_item_id}",
        # Never later than it came: what was played since then stays, whenever the offer is taken.
        occurred_at=min(event.occurred_at or event.received_at, event.received_at),
        notes=f"{label}: marked as not played" if label else "Marked as not played.",
    )


def ending(deed: Deed, found: Standing) -> Ending:
    """The diary tells whether it is undone, also when an earlier try did it."""
    if not found.in_diary:
        why = _why_nothing(found)
        return Ending(EventState.DISMISSED, f"{NOTHING_HERE}: {why}", [])
    words = found.status
    if deed.activity is Activity.NOTED:
        words = f"noted in the diary, {found.status} as before"
    return Ending(EventState.DONE, f"{UNDONE}: {words}", [words])


def _why_nothing(found: Standing) -> str:
    if not found.status:
        return "the work is not in your library"
    if found.finished_at is not None:
        at = found.finished_at
        return f'the work is "{found.status}" in your library, last finished on {at:%Y-%m-%d}'
    return f'the work is "{found.status}" in your library'
