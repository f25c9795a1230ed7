"""A person's question, put to sources outside."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from prometheus_client import Counter

from common.db import Database, now
from ingest import service
from ingest.clients.catalog import CatalogClient, Match
from ingest.connectors import Connectors
from ingest.drafts import Source
from ingest.errors import CircuitOpen, SourceOff, UpstreamThrottled
from ingest.limits.health import State
from ingest.models import SearchAllowance
from ingest.previews import repository
from ingest.previews.asking import ask, unasked
from ingest.previews.errors import SearchQuotaExceeded
from ingest.previews.flights import Flights
from ingest.previews.likeness import Twin, twins
from ingest.previews.question import Question
from ingest.previews.shown import Answer, Status

searches_total = Counter(
    "source_searches", "Searches of sources; what previews answered is none.", ["source", "status"]
)


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """Seconds a source has for its answer, questions of one person in a minute, and for how long
    what was shown lives."""

    deadline: float = 2.5
    per_minute: int = 10
    lifetime: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Found:
    """The answers in the order asked; by their previews, hits that are works of the catalogue and
    those that an earlier source has too."""

    answers: Sequence[Answer]
    known: Mapping[UUID, Match]
    twins: Mapping[UUID, Twin]


@dataclass(frozen=True, slots=True)
class Seeker:
    database: Database
    connectors: Connectors
    catalog: CatalogClient
    terms: SearchTerms
    under_way: Flights[Found] = field(default_factory=Flights)

    async def seek(self, question: Question) -> Found:
        """The same question of the same person at the same time is asked once.

        Raises SearchQuotaExceeded; never for a source's sake.
        """
        key = question.user_id, question.fingerprint, *question.sources
        return await self.under_way.share(key, lambda: self._seek(question))

    async def _seek(self, question: Question) -> Found:
        async with self.database.readers() as session:
            answers = dict(await repository.recall(session, question, now()))
        unknown = [source for source in question.sources if source not in answers]
        if unknown:
            answers |= await self._silent(unknown)
        open_ones = [source for source in unknown if source not in answers]
        if open_ones:
            answers |= await self._ask(question, open_ones)
        for source in unknown:
            searches_total.labels(source, answers[source].status).inc()
        return await self._marked([answers[source] for source in question.sources])

    async def _silent(self, sources: Sequence[Source]) -> Mapping[Source, Answer]:
        """Those that are off, and those that are left alone for a while: nobody asks them."""
        circuits = await self.connectors.circuits()
        silent = {}
        for source in sources:
            if source in self.connectors.off:
                silent[source] = unasked(source, SourceOff(source, self.connectors.off[source]))
            elif circuits[source].state is State.OPEN:
                is_throttled = circuits[source].is_throttled
                error = UpstreamThrottled if is_throttled else CircuitOpen
                why = error(source, circuits[source].remaining_cooldown)
                silent[source] = unasked(source, why)
        return silent

    async def _ask(self, question: Question, sources: Sequence[Source]) -> Mapping[Source, Answer]:
        use = await service.count_use(self.database, SearchAllowance, question.user_id)
        if use.number > self.terms.per_minute:
            raise SearchQuotaExceeded(self.terms.per_minute, use.window_left)
        expires_at = now() + self.terms.lifetime
        connectors = map(self.connectors.pick, sources)
        questions = (
            ask(each, question, deadline=self.terms.deadline, expires_at=expires_at)
            for each in connectors
        )
        # Each ends by its deadline, so that none is left behind when another breaks.
        outcomes = await asyncio.gather(*questions, return_exceptions=True)
        answers = [_unless_broken(outcome) for outcome in outcomes]
        told = [answer for answer in answers if answer.status is Status.OK]
        if told:
            async with self.database.sessions.begin() as session:
                await repository.remember(session, question, told, expires_at)
        return {answer.source: answer for answer in answers}

    async def _marked(self, answers: Sequence[Answer]) -> Found:
        hits = [shown for answer in answers for shown in answer.shown]
        # A source's own words say nothing that the draft does not, and are long.
        drafts = [replace(hit.draft, raw_payload=b"{}") for hit in hits]
        matches = await self.catalog.match(drafts) if drafts else {}
        known = {hits[index].id: match for index, match in matches.items()}
        return Found(answers, known, twins(hits))


def _unless_broken(outcome: Answer | BaseException) -> Answer:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome
