"""Which work of the catalogue a sender means."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from common.db import Database, now
from common.errors import DomainError
from common.jobs import HandOver
from ingest import service
from ingest.clients.catalog import CatalogClient, Stored
from ingest.connectors import CONNECTORS, Connectors
from ingest.connectors.clues import Clue
from ingest.connectors.protocol import Connector
from ingest.drafts import MediaDraft, Source
from ingest.errors import is_worth_waiting
from ingest.service import Allowances, Wanted
from ingest.webhooks import repository
from ingest.webhooks.happenings import Scheme, Work
from ingest.webhooks.records import Event, Match, NoMatch, Suggestion

MOST_CLUES = 8
MOST_SUGGESTIONS = 5
SEARCHED = 20
# For all that one try asks of a source, below the time that a job has.
ASKING_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Sought:
    """What to look for at which source; without `work` nothing is suggested."""

    source: Source
    clues: Sequence[Clue]
    user_id: UUID
    work: Work | None = None


@dataclass(frozen=True, slots=True)
class Matcher:
    database: Database
    connectors: Connectors
    catalog: CatalogClient
    allowances: Allowances

    async def match(self, event: Event, work: Work, lane: str) -> Match | NoMatch:
        """From what is known, else in the lane of the source from what that says.

        Raises HandOver to that lane, and the source's failures that are worth waiting for.
        """
        if event.media_item_id is not None:
            return _choice(event, event.media_item_id)
        if event.is_chosen:
            return await self._look_for(_chosen(event), lane)
        if own := _id_of_ours(work):
            return Match(own, f"matched by tastebuds {own}")
        source = self.connectors.source_of(work.media_type)
        clues = CONNECTORS[source].clues(work)[:MOST_CLUES]
        return await self._look_for(Sought(source, clues, event.user_id, work), lane)

    async def _look_for(self, sought: Sought, lane: str) -> Match | NoMatch:
        known = await self._known(sought)
        if known is not None:
            return known
        source = sought.source
        if source in self.connectors.off:
            reason = f"{source} is off: {self.connectors.off[source]}"
            return NoMatch(reason, may_change=bool(sought.clues))
        if lane != source:
            raise HandOver(source)
        async with service.within(ASKING_SECONDS, source):
            return await self._ask(sought)

    async def _known(self, sought: Sought) -> Match | None:
        """One call of the catalogue for an id of the source's own that it knows; for others one
        statement and one call."""
        foreign = [clue for clue in sought.clues if clue.external_id is None]
        for clue in sought.clues:
            if clue.external_id and (match := await self._find(sought, clue, clue.external_id)):
                return match
        if not foreign:
            return None
        async with self.database.readers() as reader:
            memory = await repository.recall(reader, sought.source, foreign)
        for clue in foreign:
            if clue in memory and (match := await self._find(sought, clue, memory[clue])):
                return match
        return None

    async def _find(self, sought: Sought, clue: Clue, external_id: str) -> Match | None:
        stored = await self.catalog.find(sought.source, external_id)
        return _matched(sought.source, clue, external_id, stored) if stored else None

    async def _ask(self, sought: Sought) -> Match | NoMatch:
        connector = self.connectors.pick(sought.source)
        reasons = []
        for clue in sought.clues:
            try:
                match = await self._bring_in(connector, clue, sought.user_id)
            except DomainError as error:
                if is_worth_waiting(error):
                    raise
                reasons.append(error.message)
                continue
            if match is not None:
                return match
            reasons.append(f"{sought.source} does not know {clue}")
        return NoMatch(
            "; ".join(reasons) or _nothing_to_go_by(sought.work),
            may_change=bool(sought.clues),
            suggestions=await _suggestions(connector, sought.work) if sought.work else (),
        )

    async def _bring_in(self, connector: Connector, clue: Clue, user_id: UUID) -> Match | None:
        external_id = clue.external_id or await connector.resolve(clue)
        if external_id is None:
            return None
        stored = await service.ingest(
            Wanted(source=connector.source, external_id=external_id, url=None, refresh=False),
            caller_id=user_id,
            connectors=self.connectors,
            catalog=self.catalog,
            allowances=self.allowances,
        )
        match = _matched(connector.source, clue, external_id, stored)
        if clue.external_id is None:
            async with self.database.readers() as session:  # one statement, its own transaction
                await repository.remember(session, clue, match, now())
        return match


def _choice(event: Event, media_item_id: UUID) -> Match:
    """Its id at its source, where that is known, says more than its id here."""
    chosen = f"{event.source} {event.external_id}" if event.external_id else str(media_item_id)
    words = f"matched by a person: {chosen}"
    return Match(media_item_id, words, event.source, event.external_id)


def _chosen(event: Event) -> Sought:
    clue = Clue("choice", f"a person: {event.source}", event.external_id, event.external_id)
    return Sought(Source(event.source), [clue], event.user_id)


def _id_of_ours(work: Work) -> UUID | None:
    ours = (each.value for each in work.ids if each.scheme is Scheme.TASTEBUDS)
    return next(map(UUID, ours), None)


def _matched(source: Source, clue: Clue, asked: str, stored: Stored) -> Match:
    """Last.fm, for one, answers under another id than it was asked for."""
    here = [each.external_id for each in stored.sources if each.source_name == source]
    external_id = asked if asked in here or not here else here[0]
    words = (
        f"matched by {clue}" if clue.external_id else f"matched by {clue} → {source} {external_id}"
    )
    return Match(UUID(stored.item.id), words, source, external_id)


def _nothing_to_go_by(work: Work | None) -> str:
    if work is not None and work.episode is not None and work.episode.ids:
        return "the id is the episode's"
    return "the message has no id that a source knows"


async def _suggestions(connector: Connector, work: Work) -> tuple[Suggestion, ...]:
    if not work.title:
        return ()
    words = f"{work.title} {work.artist}" if work.artist else work.title
    drafts = await connector.search(words, SEARCHED)
    return tuple(map(_suggestion, likeliest(drafts, work)))


def likeliest(drafts: Sequence[MediaDraft], work: Work) -> list[MediaDraft]:
    """Those of the same kind and year first, else as the source ranks them."""

    def unlikeness(draft: MediaDraft) -> tuple[bool, bool]:
        year = draft.release_date.year if draft.release_date else None
        return draft.media_type is not work.media_type, year != work.year

    return sorted(drafts, key=unlikeness)[:MOST_SUGGESTIONS]


def _suggestion(draft: MediaDraft) -> Suggestion:
    year = draft.release_date.year if draft.release_date else None
    return Suggestion(draft.source_name, draft.external_id, draft.title, year)
