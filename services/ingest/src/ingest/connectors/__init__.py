"""The sources, and how to have those that are switched on."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from common.db import Database
from ingest.clock import Clock
from ingest.connectors.google_books import GoogleBooks
from ingest.connectors.igdb import Igdb
from ingest.connectors.lastfm import Lastfm
from ingest.connectors.musicbrainz import MusicBrainz
from ingest.connectors.open_library import OpenLibrary
from ingest.connectors.protocol import Connector, ConnectorSettings, Wiring
from ingest.connectors.tmdb import Tmdb
from ingest.drafts import MediaType, Source
from ingest.errors import IdentifierRequired, SourceOff, UnknownSource, UnusableIdentifier
from ingest.limits.circuit import CircuitSnapshot, snapshots
from ingest.upstream import Patience

# In the order in which search results are shown.
CONNECTORS: dict[Source, type[Connector]] = {
    Source.GOOGLE_BOOKS: GoogleBooks,
    Source.TMDB: Tmdb,
    Source.IGDB: Igdb,
    Source.LASTFM: Lastfm,
    Source.OPEN_LIBRARY: OpenLibrary,
    Source.MUSICBRAINZ: MusicBrainz,
}


@dataclass(frozen=True, slots=True)
class Connectors:
    """The sources that are on, and why the others are off."""

    on: Mapping[Source, Connector]
    off: Mapping[Source, str]
    wiring: Wiring

    def pick(self, source_name: str) -> Connector:
        """Raises UnknownSource or SourceOff."""
        try:
            source = Source(source_name)
        except ValueError as error:
            raise UnknownSource(source_name) from error
        if source in self.off:
            raise SourceOff(source, self.off[source])
        return self.on[source]

    def source_of(self, media_type: MediaType) -> Source:
        """The first that has such works: of those that are on, if any is."""
        has = [source for source, each in CONNECTORS.items() if media_type in each.media_types]
        return next((source for source in has if source in self.on), has[0])

    async def check_circuit(self, source: Source) -> None:
        """Raises CircuitOpen when a fetch would not be tried now."""
        await self.wiring.circuits[source].check("fetch")

    async def cooldown(self, source_name: str) -> float:
        """Seconds until the source is asked again; 0 unless its circuit is open."""
        circuit = self.wiring.circuits.get(Source(source_name))
        return await circuit.cooldown() if circuit else 0.0

    async def circuits(self) -> Mapping[str, CircuitSnapshot]:
        """Of the sources that are on; one statement."""
        return await snapshots(self.wiring.database, self.wiring.circuits.values())

    async def aclose(self) -> None:
        for upstream in self.wiring.upstreams.values():
            await upstream.aclose()


def build(
    settings: ConnectorSettings,
    database: Database,
    user_agent: str,
    patience: Patience | None = None,
    clock: Clock | None = None,
) -> Connectors:
    """Every source that has its keys; inside a running loop, `aclose` when done."""
    wiring = Wiring(
        user_agent, database, patience or Patience(), clock or Clock(), httpx.create_ssl_context()
    )
    on: dict[Source, Connector] = {}
    off: dict[Source, str] = {}
    for source, connector in CONNECTORS.items():
        try:
            on[source] = connector.from_settings(settings, wiring)
        except SourceOff as reason:
            off[source] = reason.metadata["why"]
    return Connectors(on, off, wiring)


def user_agent(version: str, contact: str | None) -> str:
    """How we introduce ourselves; `contact` is an address or a page of the operator."""
    return f"Tastebuds/{version} (+{contact})" if contact else f"Tastebuds/{version}"


def identifier(connector: Connector, external_id: str | None, url: str | None) -> str:
    """The normalised id that a request means: `external_id` wins, and may be an address too."""
    given = (external_id or "").strip() or (url or "").strip()
    if not given:
        raise IdentifierRequired
    if not given.casefold().startswith(("http://", "https://")):
        return connector.normalize_id(given)
    found = connector.parse_url(given)
    if found is None:
        raise UnusableIdentifier(connector.source, "the address is not an item's page there")
    return connector.normalize_id(found)
