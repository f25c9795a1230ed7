"""Settings of the ingest service; `.env.example` lists them for the operator."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import DataServiceSettings, Listen, Networks, Words
from ingest.previews.seeking import SearchTerms
from ingest.sweeping.service import Retention
from ingest.upstream import Patience


def _countries(codes: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch(r"[A-Za-z]{2}", code) for code in codes):
        raise ValueError("must be countries as GB,FR (ISO 3166-1 alpha-2)")
    return tuple(dict.fromkeys(code.upper() for code in codes))


Countries = Annotated[Words, AfterValidator(_countries)]
SOME_COUNTRIES = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "SE", "CA", "AU")


class Settings(DataServiceSettings):
    model_config = SettingsConfigDict(env_prefix="INGEST_", extra="ignore")

    auth_target: str
    catalog_target: str
    menus_target: str
    # The public door for webhooks, and its address as senders know it (default: where it listens).
    webhook_listen: Listen
    webhook_public_url: str | None = Field(default=None, pattern=r"^https?://[^/?#\s]+")
    # Whose X-Forwarded-For is believed.
    trusted_proxies: Networks = ()

    # Base addresses; a stand-in can take the place of each.
    google_books_url: str = "https://www.googleapis.com/books/v1"
    tmdb_url: str = "https://api.themoviedb.org/3"
    igdb_url: str = "https://api.igdb.com/v4"
    igdb_token_url: str = "https://id.twitch.tv/oauth2/token"  # noqa: S105 an address
    lastfm_url: str = "https://ws.audioscrobbler.com/2.0/"
    open_library_url: str = "https://openlibrary.org"
    musicbrainz_url: str = "https://musicbrainz.org/ws/2"
    cover_art_archive_url: str = "https://coverartarchive.org"
    # A source without its keys is off.
    google_books_key: SecretStr | None = None
    tmdb_token: SecretStr | None = None
    igdb_client_id: SecretStr | None = None
    igdb_client_secret: SecretStr | None = None
    lastfm_key: SecretStr | None = None
    # Where people want to know who shows a film; empty: nowhere.
    availability_regions: Countries = SOME_COUNTRIES

    # Shown to upstreams, so that they can reach who runs this server: an address or a page.
    contact: str | None = Field(default=None, pattern=r"^[ -~]*$")
    upstream_timeout_seconds: float = Field(default=8, gt=0, le=60)
    upstream_slot_seconds: float = Field(default=5, gt=0, le=60)
    fetches_per_minute: int = Field(default=600, ge=1)
    # Each source's in a search outside, and for how long what was shown can be saved, in seconds.
    # The gateway waits 15 for all of the search.
    search_deadline_seconds: float = Field(default=2.5, gt=0, le=10)
    preview_seconds: int = Field(default=300, ge=1, le=86_400)
    searches_per_minute: int = Field(default=10, ge=1)
    max_unfinished_jobs: int = Field(default=50, ge=1)
    job_max_attempts: int = Field(default=8, ge=1, le=100)
    integrations_per_person: int = Field(default=50, ge=1, le=1000)

    # What is longer is not kept once nothing more can follow from it.
    webhook_kept_body_bytes: int = Field(default=262_144, ge=0, le=1_048_576)
    # Days.
    jobs_kept_days: int = Field(default=30, ge=1)
    webhook_bodies_kept_days: int = Field(default=30, ge=1)
    webhook_events_kept_days: int = Field(default=365, ge=1)

    def targets(self) -> Mapping[str, str]:
        return {
            "auth": self.auth_target,
            "catalog": self.catalog_target,
            "menus": self.menus_target,
        }

    def retention(self) -> Retention:
        return Retention(
            jobs=timedelta(days=self.jobs_kept_days),
            webhook_bodies=timedelta(days=self.webhook_bodies_kept_days),
            webhook_events=timedelta(days=self.webhook_events_kept_days),
        )

    def search_terms(self) -> SearchTerms:
        return SearchTerms(
            deadline=self.search_deadline_seconds,
            per_minute=self.searches_per_minute,
            lifetime=timedelta(seconds=self.preview_seconds),
        )

    def webhook_url(self) -> str:
        """Without a slash at its end."""
        return (self.webhook_public_url or f"http://{self.webhook_listen}").rstrip("/")

    def patience(self) -> Patience:
        return Patience(
            total=self.upstream_timeout_seconds,
            slot=self.upstream_slot_seconds,
            # What is left of the time for an answer must be worth asking.
            search_slot=self.search_deadline_seconds * 0.4,
        )
