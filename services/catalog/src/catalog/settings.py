from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import DataServiceSettings


class Settings(DataServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CATALOG_")

    auth_target: str

    # Days for which it is believed where a work can be had.
    availability_stale_days: int = Field(default=14, ge=1)

    # Hours after which a taste profile is looked at again; 0: only when its person asks for it.
    taste_profile_hours: float = Field(default=24, le=87_600)

    def availability_stays_true(self) -> timedelta:
        return timedelta(days=self.availability_stale_days)

    def taste_profile_lifetime(self) -> timedelta | None:
        hours = self.taste_profile_hours
        return timedelta(hours=hours) if hours > 0 else None
