"""What every source offers, and what it is made from."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, Self

from pydantic import SecretStr

from common.db import Database
from ingest.clock import Clock
from ingest.connectors.clues import Clue
from ingest.connectors.terms import Terms
from ingest.drafts import MediaDraft, MediaType, Source
from ingest.errors import SourceOff
from ingest.limits.circuit import Circuit
from ingest.upstream import Faults, Limits, Patience, Profile, Upstream, open_client
from ingest.webhooks.happenings import Work

Secret = str | SecretStr | None


class Connector(Protocol):
    source: ClassVar[Source]
    media_types: ClassVar[frozenset[MediaType]]
    terms: ClassVar[Terms | None]

    @classmethod
    def from_settings(cls, settings: "ConnectorSettings", wiring: "Wiring") -> Self:
        """Raises SourceOff."""
        ...

    async def search(self, query: str, limit: int) -> list[MediaDraft]:
        """At most `limit` drafts of what the search answer itself tells (one request)."""
        ...

    async def fetch(self, external_id: str) -> MediaDraft:
        """The whole item; raises NotAtSource, UnusableIdentifier, UpstreamFailure, CircuitOpen."""
        ...

    def parse_url(self, url: str) -> str | None:
        """The external id that a page address of this source names."""
        ...

    def normalize_id(self, external_id: str) -> str:
        """The id as `fetch` takes it; raises UnusableIdentifier."""
        ...

    @staticmethod
    def clues(work: Work) -> Sequence[Clue]:
        """By what this source can find the work; surest first, nothing that is no id there."""
        ...

    async def resolve(self, clue: Clue, /) -> str | None:
        """The external id of what a clue without one means; None when that is not known here.

        At most one request. Raises IdOfEpisode, UpstreamFailure, CircuitOpen.
        """
        ...


class ConnectorSettings(Protocol):
    """The part of the settings that connectors read; a source without its key is off."""

    @property
    def google_books_url(self) -> str: ...
    @property
    def google_books_key(self) -> Secret: ...
    @property
    def tmdb_url(self) -> str: ...
    @property
    def tmdb_token(self) -> Secret: ...
    @property
    def igdb_url(self) -> str: ...
    @property
    def igdb_token_url(self) -> str: ...
    @property
    def igdb_client_id(self) -> Secret: ...
    @property
    def igdb_client_secret(self) -> Secret: ...
    @property
    def lastfm_url(self) -> str: ...
    @property
    def lastfm_key(self) -> Secret: ...
    @property
    def open_library_url(self) -> str: ...
    @property
    def musicbrainz_url(self) -> str: ...
    @property
    def cover_art_archive_url(self) -> str: ...
    @property
    def contact(self) -> str | None: ...
    @property
    def availability_regions(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Wiring:
    """What connectors share, and the upstream that each of them was given."""

    user_agent: str
    database: Database
    patience: Patience
    clock: Clock
    tls: ssl.SSLContext  # one for all: reading the certificates takes longer than a request
    circuits: dict[Source, Circuit] = field(default_factory=dict)
    upstreams: dict[Source, Upstream] = field(default_factory=dict)

    def upstream(self, profile: Profile, faults: Faults | None = None) -> Upstream:
        limits = Limits.of(profile, self.database, self.clock)
        client = open_client(profile, self.patience, self.user_agent, self.tls)
        upstream = Upstream(profile, self.patience, limits, client, faults)
        self.circuits[profile.source] = limits.circuit
        self.upstreams[profile.source] = upstream
        return upstream


def required(source: Source, keys: Mapping[str, Secret]) -> list[str]:
    """The keys (by the name of their setting) in plain text; raises SourceOff."""
    return [_plain(source, setting, secret) for setting, secret in keys.items()]


def _plain(source: Source, setting: str, secret: Secret) -> str:
    text = secret.get_secret_value() if isinstance(secret, SecretStr) else secret or ""
    text = text.strip()
    if not text:
        raise SourceOff(source, f"{setting} is not set")
    if not (text.isascii() and text.isprintable()):  # it could not be sent in a header
        raise SourceOff(source, f"{setting} is not a key")
    return text
