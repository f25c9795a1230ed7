from pydantic_settings import SettingsConfigDict

from common.settings import DataServiceSettings


class Settings(DataServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CATALOG_")

    auth_target: str
