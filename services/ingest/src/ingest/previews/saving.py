"""Bringing into the catalogue what a person was shown."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from common.db import Database
from common.errors import DomainError
from ingest import service
from ingest.clients.catalog import CatalogClient, Stored
from ingest.connectors import Connectors
from ingest.drafts import MediaDraft
from ingest.errors import FetchQuotaExceeded, is_worth_waiting
from ingest.previews import repository
from ingest.previews.documents import whole_facts
from ingest.previews.service import read_savable
from ingest.previews.shown import OwnPreviews, Shown
from ingest.refreshes.events import refresh_due
from ingest.service import Allowances

AT_ONCE = 10
# For all that is fetched for one save: somebody waits, and what is missing comes later.
FETCHING_SECONDS = 4.0


class Saved(NamedTuple):
    """A preview as a work of the catalogue; `incomplete` when its source is to be asked again."""

    shown: Shown
    stored: Stored
    incomplete: bool = False

    @property
    def media_item_id(self) -> UUID:
        return UUID(self.stored.item.id)


@dataclass(frozen=True, slots=True)
class Saver:
    database: Database
    connectors: Connectors
    catalog: CatalogClient
    allowances: Allowances
    fetching_seconds: float = FETCHING_SECONDS

    async def save(self, own: OwnPreviews) -> list[Saved]:
        """In the order asked. Raises PreviewNotFound, PreviewExpired, FetchQuotaExceeded, and what
        the catalogue says; what could be saved is saved all the same."""
        async with self.database.readers() as session:
            previews = await read_savable(session, own=own)
        room = asyncio.Semaphore(AT_ONCE)
        until = time.monotonic() + self.fetching_seconds
        saves = (self._save_one(own.user_id, each, until, room) for each in previews)
        outcomes = await asyncio.gather(*saves, return_exceptions=True)
        saved = [outcome for outcome in outcomes if isinstance(outcome, Saved)]
        await _note(self.database, saved)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return saved

    async def _save_one(
        self, user_id: UUID, shown: Shown, until: float, room: asyncio.Semaphore
    ) -> Saved:
        async with room:
            known = await self._known(shown)
            if known is not None:
                return Saved(shown, known)
            draft, incomplete = await self._whole(user_id, shown.draft, until)
            stored = await self.catalog.upsert(draft, refresh=False)
            return Saved(shown, stored, incomplete)

    async def _known(self, shown: Shown) -> Stored | None:
        """A source may call the whole work by another id than the hit."""
        if shown.media_item_id is not None:
            stored = await self.catalog.get(shown.media_item_id)
            if stored is not None:
                return stored
        return await self.catalog.find(shown.draft.source_name, shown.draft.external_id)

    async def _whole(
        self, user_id: UUID, draft: MediaDraft, until: float
    ) -> tuple[MediaDraft, bool]:
        """As its source has it, or as it was shown; then, whether to ask the source again."""
        source = draft.source_name
        try:
            async with service.within(until - time.monotonic(), source):
                connector = self.connectors.pick(source)
                await self.connectors.check_circuit(source)
                await self.allowances.take(user_id)
                return await connector.fetch(draft.external_id), False
        except FetchQuotaExceeded:
            raise
        except DomainError as error:
            return whole_facts(draft), is_worth_waiting(error)


async def save_as_shown(shown: Shown, catalog: CatalogClient, database: Database) -> Stored:
    """Without asking its source, which is asked later."""
    stored = await catalog.upsert(whole_facts(shown.draft), refresh=False)
    await _note(database, [Saved(shown, stored, incomplete=True)])
    return stored


async def _note(database: Database, saved: Sequence[Saved]) -> None:
    fresh = [each for each in saved if each.shown.media_item_id != each.media_item_id]
    if not fresh:
        return
    drafts = [each.shown.draft for each in fresh if each.incomplete]
    async with database.sessions.begin() as session:
        works = {each.shown.id: each.media_item_id for each in fresh}
        await repository.note_saved(session, works)
        session.add_all(refresh_due(each.source_name, each.external_id) for each in drafts)
