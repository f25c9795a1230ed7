"""What a matched event does in the catalogue's library and in menus. Repeating it is harmless."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from common.errors import DomainError
from ingest.clients.library import Activity, Deed, LibraryClient, Standing
from ingest.clients.menus import Addition, DraftsClient
from ingest.webhooks import deciding
from ingest.webhooks.errors import WorkGone
from ingest.webhooks.happenings import Happening, What
from ingest.webhooks.records import Decision, Event, Match
from ingest.webhooks.states import EventState

ACTIVITIES = {
    What.ACQUIRED: Activity.ACQUIRED,
    What.STARTED: Activity.STARTED,
    What.FINISHED: Activity.FINISHED,
}
# Of what stays consumed, or given up, though it is played once more.
BUSY = "currently consuming"
NOTED = {Activity.STARTED: "a start noted", Activity.PROGRESSED: "progress noted"}
AS_BEFORE = ", as before"
MEDIA_ITEM_NOT_FOUND = "MEDIA_ITEM_NOT_FOUND"


class Outcome(NamedTuple):
    """What was done, or failed for good, in words."""

    done: Sequence[str] = ()
    failed: Sequence[str] = ()


def activity_of(happening: Happening, *, library: bool) -> Activity:
    """An episode that was seen is a step in its series, never the whole."""
    if not library:
        return Activity.TAGGED
    work = happening.work
    if happening.what is What.FINISHED and work is not None and work.episode is not None:
        return Activity.PROGRESSED
    return ACTIVITIES[happening.what]


@dataclass(frozen=True, slots=True)
class Peers:
    library: LibraryClient
    drafts: DraftsClient


async def take_effect(event: Event, happening: Happening, match: Match, peers: Peers) -> Decision:
    """The decision that says what was done; AioRpcError when a peer is away, WorkGone."""
    wanted, work = event.effects, match.media_item_id
    outcomes = []
    if wanted.library or wanted.tags:
        deed = _deed(event, happening, work)
        outcomes.append(await _attempted("library", lambda: _record(deed, peers.library)))
    if wanted.menu_id is not None:
        addition = Addition(
            user_id=event.user_id,
            menu_id=wanted.menu_id,
            course_id=wanted.course_id,
            media_item_id=work,
        )
        outcomes.append(await _attempted("menu", lambda: _append(addition, peers.drafts)))
    if not outcomes:
        outcomes.append(Outcome(["in the catalogue"]))
    words = [word for outcome in outcomes for word in (*outcome.done, *outcome.failed)]
    reasons = filter(None, (match.words, deciding.remark(event, happening)))
    return Decision(
        state=EventState.DONE,
        words=f"{'; '.join(reasons)}; done: {'; '.join(words)}",
        match=match,
        effects=tuple(words),
        trouble="; ".join(word for outcome in outcomes for word in outcome.failed),
    )


def _deed(event: Event, happening: Happening, media_item_id: UUID) -> Deed:
    return Deed(
        user_id=event.user_id,
        media_item_id=media_item_id,
        activity=activity_of(happening, library=event.effects.library),
        # Of this work: an earlier try may have had its effect on another, which was not meant.
        key=f"webhook:{event.id}:{media_item_id}",
        occurred_at=deciding.moment(event, happening),
        notes=happening.note,
        tags=event.effects.tags,
    )


async def _attempted(what: str, effect: Callable[[], Awaitable[list[str]]]) -> Outcome:
    try:
        return Outcome(done=await effect())
    except DomainError as error:
        if error.reason == MEDIA_ITEM_NOT_FOUND:
            raise WorkGone from error
        return Outcome(failed=[f"not in the {what}: {error.message}"])


async def _record(deed: Deed, library: LibraryClient) -> list[str]:
    found = await library.record_activity(deed)
    words = _said_of(deed.activity, found) if deed.activity is not Activity.TAGGED else []
    words += [f"tagged {', '.join(deed.tags)}"] if deed.tags else []
    return words if found.is_new else [_unchanged(each) for each in words]


def _said_of(activity: Activity, found: Standing) -> list[str]:
    if activity in NOTED and found.in_diary and found.status != BUSY:
        return [NOTED[activity], _unchanged(found.status)]
    return [found.status] if found.status else []


def _unchanged(words: str) -> str:
    return f"{words.removesuffix(AS_BEFORE)}{AS_BEFORE}"


async def _append(addition: Addition, drafts: DraftsClient) -> list[str]:
    at = await drafts.append(addition)
    place = f"{at.menu_title} / {at.course_title}"
    return [f"appended to {place}" if at.is_new else f"in {place} already"]
