"""What was told by a source long ago is asked for again."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.db import Session
from ingest.connectors import Connectors
from ingest.drafts import Source
from ingest.refreshes.events import stale_media_due


@dataclass(frozen=True, slots=True)
class Upkeep:
    connectors: Connectors

    async def sweep(self, session: Session, _: int) -> int:
        """Queues the search for what is stale, which asks the catalogue: a sweep's transaction is
        no place to wait for that."""
        sources = self.sources()
        session.add_all(map(stale_media_due, sources))
        return len(sources)

    def sources(self) -> Sequence[Source]:
        """Those that are on and whose terms say how old a record may be."""
        return [source for source, each in self.connectors.on.items() if each.terms]
