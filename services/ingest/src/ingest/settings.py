"""Settings of the ingest service; `.env.example` lists them for the operator."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import DataServiceSettings
from ingest.upstream import Patience


class Settings(DataServiceSettings):
    model_config = SettingsConfigDict(env_prefix="INGEST_", extra="ignore")

    auth_target: str
    catalog_target: str
    menus_target: str

    # Base addresses; a stand-in can take the place of each.
    google_books_url: str = "https://www.googleapis.com/books/v1"
    tmdb_url: str = "https://api.themoviedb.org/3"
    igdb_url: str = "https://api.igdb.com/v4"
    igdb_token_url: str = "https://id.twitch.tv/oauth2/token"  # noqa: S105 an address
    lastfm_url: str = "https://ws.audioscrobbler.com/2.0/"
    # A source without its keys is off.
    google_books_key: SecretStr | None = None
    tmdb_token: SecretStr | None = None
    igdb_client_id: SecretStr | None = None
    igdb_client_secret: SecretStr | None = None
    lastfm_key: SecretStr | None = None

    # Shown to upstreams, so that they can reach who runs this server: an address or a page.
    contact: str | None = None
    upstream_timeout_seconds: float = Field(default=8, gt=0, le=60)
    upstream_slot_seconds: float = Field(default=5, gt=0, le=60)
    fetches_per_minute: int = Field(default=600, ge=1)
    max_unfinished_jobs: int = Field(default=50, ge=1)
    job_max_attempts: int = Field(default=8, ge=1, le=100)

    def patience(self) -> Patience:
        return Patience(total=self.upstream_timeout_seconds, slot=self.upstream_slot_seconds)
