from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from catalog.placements.service import DeletedMenus
from catalog.retention.service import Retention
from common.inbox import KEPT
from common.settings import DataServiceSettings


class Settings(DataServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CATALOG_")

    auth_target: str

    # Days for which it is believed where a work can be had.
    availability_stale_days: int = Field(default=14, ge=1)

    # Days for which the answers of sources are kept, and works that nobody uses; 0: for ever. Who
    # runs this thinks of the former as a matter of ingest.
    raw_payload_retention_days: int = Field(
        default=90, ge=0, le=36_500, validation_alias="INGEST_RAW_PAYLOAD_RETENTION_DAYS"
    )
    unused_retention_days: int = Field(default=0, ge=0, le=36_500)

    # Hours after which a taste profile is looked at again; 0: only when its person asks for it.
    taste_profile_hours: float = Field(default=24, le=87_600)

    def availability_stays_true(self) -> timedelta:
        return timedelta(days=self.availability_stale_days)

    def retention(self) -> Retention:
        return Retention(
            raw_payloads=_days(self.raw_payload_retention_days),
            unused_works=_days(self.unused_retention_days),
        )

    def deleted_menus(self) -> DeletedMenus:
        """As long as a dead letter that tells of them may be played again."""
        return DeletedMenus(KEPT + timedelta(days=self.dead_letters_kept_days))

    def taste_profile_lifetime(self) -> timedelta | None:
        hours = self.taste_profile_hours
        return timedelta(hours=hours) if hours > 0 else None


def _days(number: int) -> timedelta | None:
    return timedelta(days=number) if number else None
