"""From an accepted webhook to its effect: read, decide, match, take effect, write it down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import orjson

from common import telemetry
from common.db import Database, now
from common.errors import DomainError
from common.jobs import Delivery, TryLater
from ingest.drafts import Json
from ingest.webhooks import deciding, effects, events, keeping, repository
from ingest.webhooks.documents import open_document
from ingest.webhooks.effects import Peers
from ingest.webhooks.errors import Unreadable, WorkGone
from ingest.webhooks.happenings import Happening, Part, Sender, What, Work
from ingest.webhooks.matching import Matcher
from ingest.webhooks.records import Conclusion, Decision, Event, Kept, NoMatch
from ingest.webhooks.senders import arr
from ingest.webhooks.states import EventState

Document = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where webhooks are dealt with. What comes twice is decided once and has one effect."""

    database: Database
    senders: Mapping[str, Sender]
    matcher: Matcher
    peers: Peers
    most_kept_bytes: int

    async def deal_with(self, event_id: UUID, delivery: Delivery) -> None:
        """One try. Raises TryLater for another one, and HandOver to the lane that has to do it.

        The last one writes down that it was in vain, and raises TryLater all the same.

        For a known work: three statements and two calls, of the catalogue and of its library; a
        fourth statement when the message has no id of the work's source itself.
        """
        event = await self._find(event_id)
        if event is None:
            return
        try:
            document = _open(event)
            event = replace(event, sender=_sender_of(event, document))
            parts = self._read(event, document)
        except Unreadable as error:
            await self._conclude(event, deciding.unreadable(error.clause), self._as_it_came(event))
            return
        if len(parts) > 1 and event.part_of is None:
            await self._split(event, document, parts)
            return
        happening = parts[0].happening
        decision = await self._decide(event, happening, delivery)
        again = decision.again_after is not None
        is_lost = again and decision.is_counted and delivery.is_last
        end = deciding.given_up(decision.words) if is_lost else decision
        if await self._conclude(event, end, self._kept(document, end), happening) and again:
            raise TryLater(decision.words, decision.again_after, counted=decision.is_counted)

    async def give_up(self, event_id: UUID) -> None:
        """The last try failed: unless it has said so itself, whoever sees the inbox learns it."""
        event = await self._find(event_id)
        if event is None or event.state is EventState.FAILED:
            return
        decision = deciding.given_up_by_our_fault(telemetry.trace_id())
        try:
            kept = self._kept(_open(event), decision)
        except Unreadable:
            kept = self._as_it_came(event)
        await self._conclude(event, decision, kept)

    async def _find(self, event_id: UUID) -> Event | None:
        """None as well when it has been decided, or left to a person."""
        async with self.database.readers() as reader:
            event = await repository.find(reader, event_id)
        return event if event is not None and event.state in deciding.DUE else None

    def _read(self, event: Event, document: Document) -> Sequence[Part]:
        return arr.astray(event.sender, document) or self.senders[event.sender].read(document)

    async def _decide(self, event: Event, happening: Happening, delivery: Delivery) -> Decision:
        refused = deciding.refusal(event, happening)
        if refused is not None or happening.work is None:
            return refused or deciding.ignored("the message names no work")
        first = await self._first_to_say(event, happening)
        if first != event.id:
            return deciding.duplicate(first)
        try:
            return await self._match_and_act(event, happening, happening.work, delivery)
        except WorkGone as gone:
            return deciding.work_gone(gone.message)
        except DomainError as error:
            return deciding.hindered(error, delivery)

    async def _match_and_act(
        self, event: Event, happening: Happening, work: Work, delivery: Delivery
    ) -> Decision:
        found = await self.matcher.match(event, work, delivery.lane.name)
        if isinstance(found, NoMatch):
            return deciding.unmatched(found, delivery)
        if happening.what is What.UNPLAYED:
            return deciding.undo_offer(found)
        return await effects.take_effect(event, happening, found, self.peers)

    async def _first_to_say(self, event: Event, happening: Happening) -> UUID:
        if event.is_chosen:  # a person has looked at it: it is to have its effect
            return event.id
        key = deciding.content_key(event.sender, happening)
        async with self.database.readers() as session:  # one statement, its own transaction
            return await repository.claim(
                session, event, key, event.received_at + deciding.window(happening)
            )

    async def _split(self, event: Event, document: Document, parts: Sequence[Part]) -> None:
        """Each part goes its own way; splitting again adds none, for their ids are the same."""
        decision = deciding.split(len(parts))
        conclusion = Conclusion(decision=decision, at=now(), kept=self._kept(document, decision))
        bodies = {
            deciding.part_id(event.id, index): orjson.dumps(part.document)
            for index, part in enumerate(parts)
        }
        async with self.database.sessions.begin() as session:
            if await repository.settle(session, event, conclusion):
                new = await repository.add_parts(session, event, bodies)
                session.add_all(map(events.webhook_received, new))

    async def _conclude(
        self, event: Event, decision: Decision, kept: Kept, happening: Happening | None = None
    ) -> bool:
        """False when the event was decided elsewhere in the meantime, which then holds."""
        conclusion = Conclusion(decision=decision, at=now(), kept=kept, happening=happening)
        connects = happening is not None and not event.is_connected
        if not connects and not decision.trouble:
            async with self.database.readers() as session:  # one statement, its own transaction
                return await repository.settle(session, event, conclusion)
        async with self.database.sessions.begin() as session:
            if not await repository.settle(session, event, conclusion):
                return False
            if connects:
                await repository.note_connected(session, event, conclusion.at)
            if decision.trouble:
                await repository.note_trouble(session, event, decision.trouble, conclusion.at)
        return True

    def _kept(self, document: Document, decision: Decision) -> Kept:
        """Of whatever size, for as long as something may follow from it."""
        kept = keeping.of_document(document)
        return keeping.limited(kept, self.most_kept_bytes) if decision.state.is_over else kept

    def _as_it_came(self, event: Event) -> Kept:
        return keeping.limited(Kept(event.body, event.content_type), self.most_kept_bytes)


def _open(event: Event) -> Document:
    if event.body is None:
        raise Unreadable("its body is not kept any more")
    return open_document(event.body, event.content_type)


def _sender_of(event: Event, document: Document) -> str:
    """Which of the *arr apps it is, of what came to the address of any."""
    app = arr.app_of(document) if event.sender == arr.ARR.name else None
    return event.sender if app is None else app.name
