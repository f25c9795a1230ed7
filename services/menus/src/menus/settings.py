from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import DataServiceSettings
from menus.limits import Limits


class Settings(DataServiceSettings):
    model_config = SettingsConfigDict(env_prefix="MENUS_")

    auth_target: str
    catalog_target: str

    # The highest values are those at which a menu still fits into one gRPC message.
    max_menus_per_owner: int = Field(default=1_000, ge=1)
    max_courses_per_menu: int = Field(default=50, ge=1, le=500)
    max_items_per_course: int = Field(default=200, ge=1, le=1_000)
    max_items_per_menu: int = Field(default=1_000, ge=1, le=5_000)
    max_menu_bytes: int = Field(default=2_000_000, ge=10_000, le=4_000_000)

    def limits(self) -> Limits:
        return Limits(
            menus_per_owner=self.max_menus_per_owner,
            courses_per_menu=self.max_courses_per_menu,
            items_per_course=self.max_items_per_course,
            items_per_menu=self.max_items_per_menu,
            menu_bytes=self.max_menu_bytes,
        )
