"""What a person does about the webhooks in the inbox."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from common.db import Database, Session, now
from ingest.clients.library import LibraryClient
from ingest.inbox import bodies, repository, undoing
from ingest.inbox.choices import Choice, OwnEvent, Wanted
from ingest.inbox.errors import BodyNotKept, EventHasNoWork, NothingOffered, WebhookEventNotFound
from ingest.inbox.repository import Entry
from ingest.models import WebhookEvent
from ingest.webhooks import history, keeping
from ingest.webhooks.events import webhook_received
from ingest.webhooks.happenings import Sender
from ingest.webhooks.history import Attempt
from ingest.webhooks.states import EventState

DISMISSED = "dismissed by you"


class Page(NamedTuple):
    entries: Sequence[Entry]
    has_more: bool


async def list_own(session: Session, *, wanted: Wanted) -> Page:
    entries = await repository.page(session, wanted)
    return Page(entries[: wanted.page_size], len(entries) > wanted.page_size)


async def read(session: Session, *, own: OwnEvent) -> Entry:
    return _found(own, await repository.find(session, own))


async def resolve(
    session: Session, *, own: OwnEvent, choice: Choice, senders: Mapping[str, Sender]
) -> Entry:
    """Goes the way of new events once more, which finds the choice in its row."""
    entry = _found(own, await repository.lock(session, own))
    event, words = entry.event, f"chosen by you: {choice}"
    if _is_settled(event, choice):
        return entry
    if event.body is None:
        raise BodyNotKept
    if not bodies.tells_of_work(event, senders):
        raise EventHasNoWork
    if event.state == EventState.DONE:
        words += f" instead of {_work_of(event)}; what was done for that stays"
    event.chosen_at = now()
    _take_in_again(session, event, choice, words)
    return entry


def _is_settled(event: WebhookEvent, choice: Choice) -> bool:
    """Whether this very work has had its effect, or was chosen and will have it."""
    if choice.media_item_id is not None:
        is_same = choice.media_item_id == event.media_item_id
    else:
        is_same = (choice.source, choice.external_id) == (event.source, event.external_id)
    return is_same and event.state in {EventState.RECEIVED, EventState.DONE}


async def replay(session: Session, *, own: OwnEvent) -> Entry:
    """What we found out is forgotten, not what a person said."""
    entry = _found(own, await repository.lock(session, own))
    event = entry.event
    if event.body is None:
        raise BodyNotKept
    if event.chosen_at is None:
        _take_in_again(session, event, Choice(), "replayed by you")
    else:
        _take_in_again(session, event, _work_of(event), "replayed by you, with your choice")
    return entry


def _work_of(event: WebhookEvent) -> Choice:
    return Choice(event.media_item_id, event.source, event.external_id)


def _take_in_again(session: Session, event: WebhookEvent, choice: Choice, why: str) -> None:
    event.source, event.external_id = choice.source, choice.external_id
    event.media_item_id = choice.media_item_id
    event.attempts, event.next_try_at, event.decided_at = 0, None, None
    event.duplicate_of, event.suggestions = None, []
    _write(event, EventState.RECEIVED, why)
    session.add(webhook_received(event.id))


async def dismiss(session: Session, *, own: OwnEvent, most_kept_bytes: int) -> Entry:
    entry = _found(own, await repository.lock(session, own))
    event = entry.event
    if event.state != EventState.DISMISSED:
        _end(event, EventState.DISMISSED, DISMISSED)
        kept = keeping.limited(keeping.of_body(event.body, event.content_type), most_kept_bytes)
        event.body, event.content_type = kept.body, kept.content_type
    return entry


async def accept_undo(
    database: Database, library: LibraryClient, *, own: OwnEvent, senders: Mapping[str, Sender]
) -> Entry:
    """As far as there is anything to take back; a second call finds it decided."""
    async with database.sessions.begin() as session:
        entry = await read(session, own=own)
    if undoing.is_over(entry.event):
        return entry
    if entry.event.state != EventState.UNDO_OFFERED:
        raise NothingOffered
    deed = undoing.deed(entry.event, bodies.happening_of(entry.event, senders))
    ending = undoing.ending(deed, await library.record_activity(deed))
    async with database.sessions.begin() as session:
        entry = _found(own, await repository.lock(session, own))
        if entry.event.state == EventState.UNDO_OFFERED:
            entry.event.effects = ending.effects
            _end(entry.event, ending.state, ending.decision)
    return entry


def _end(event: WebhookEvent, state: EventState, decision: str) -> None:
    event.next_try_at, event.decided_at = None, now()
    _write(event, state, decision)


def _write(event: WebhookEvent, state: EventState, decision: str) -> None:
    event.state, event.decision = state, decision
    attempt = Attempt(now(), state, decision)
    event.history = [*event.history, attempt.to_json()][-history.LONGEST :]


def _found(own: OwnEvent, entry: Entry | None) -> Entry:
    if entry is None:
        raise WebhookEventNotFound(own.webhook_event_id)
    return entry
