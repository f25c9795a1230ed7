"""Every setting of auth; times are seconds unless the name says otherwise."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from auth.keys.ring import KeyPolicy, read_password
from auth.passwords import Hashing
from auth.sessions.service import Lifetimes
from auth.sweeping.service import Retention
from auth.throttle.service import Limits
from common.settings import DataServiceSettings

DAY = 24 * 3600
# Not longer: gateways remember revoked sessions for as long as this (gateway/revocations.py).
AccessTokenSeconds = Annotated[int, Field(ge=1, le=1800)]


class CommandSettings(BaseSettings):
    """What the operator's commands need: no servers, no peers."""

    model_config = SettingsConfigDict(env_prefix="AUTH_")

    database_url: str
    key_password_file: Path | None = None
    access_token_seconds: AccessTokenSeconds = 1800


class Settings(DataServiceSettings):
    model_config = SettingsConfigDict(env_prefix="AUTH_")

    # The secret under which signing keys are encrypted at rest.
    key_password_file: Path
    # How long a process signs with the key it knows before it looks for a newer one.
    key_ring_seconds: float = Field(default=5, gt=0, le=60)

    access_token_seconds: AccessTokenSeconds = 1800
    refresh_token_seconds: int = Field(default=7 * DAY, ge=1)
    # A session ends for good after this long, however often it was refreshed.
    session_seconds: int = Field(default=90 * DAY, ge=1)
    # A refresh token used again within this time is a double click, later it is theft.
    refresh_grace_seconds: float = Field(default=10, ge=0)

    # Argon2id. One pass over 64 MiB costs some 80 ms of one core; a change is taken up at logins.
    argon2_passes: int = Field(default=1, ge=1)
    argon2_memory_kib: int = Field(default=64 * 1024, ge=8)
    argon2_lanes: int = Field(default=1, ge=1)
    hashing_workers: int = Field(default=1, ge=1, le=64)
    # Requests that may have a password in hand at once; more are told to come back.
    hashing_queue: int = Field(default=32, ge=1)
    # As of nice(1): hashing yields to everything else that the machine does.
    hashing_niceness: int = Field(default=10, ge=0, le=19)

    login_failures_per_account: int = Field(default=5, ge=1)
    login_failures_per_address: int = Field(default=100, ge=1)
    registrations_per_address: int = Field(default=1000, ge=1)
    throttle_window_seconds: int = Field(default=900, ge=1)
    throttle_first_block_seconds: float = Field(default=30, gt=0)
    throttle_longest_block_seconds: float = Field(default=900, gt=0)

    ended_sessions_kept_days: int = Field(default=30, ge=0)
    audit_kept_days: int = Field(default=365, ge=1)

    @property
    def hashing(self) -> Hashing:
        return Hashing(
            passes=self.argon2_passes,
            memory_kib=self.argon2_memory_kib,
            lanes=self.argon2_lanes,
            workers=self.hashing_workers,
            queue=self.hashing_queue,
            niceness=self.hashing_niceness,
        )

    @property
    def key_policy(self) -> KeyPolicy:
        return KeyPolicy(
            password=read_password(self.key_password_file),
            token_life=self.lifetimes.access_token,
            fresh_seconds=self.key_ring_seconds,
        )

    @property
    def lifetimes(self) -> Lifetimes:
        return Lifetimes(
            access_token=timedelta(seconds=self.access_token_seconds),
            refresh_token=timedelta(seconds=self.refresh_token_seconds),
            session=timedelta(seconds=self.session_seconds),
            grace=timedelta(seconds=self.refresh_grace_seconds),
        )

    @property
    def limits(self) -> Limits:
        return Limits(
            account=self.login_failures_per_account,
            address=self.login_failures_per_address,
            registration=self.registrations_per_address,
            window=timedelta(seconds=self.throttle_window_seconds),
            first_block=timedelta(seconds=self.throttle_first_block_seconds),
            longest_block=timedelta(seconds=self.throttle_longest_block_seconds),
        )

    @property
    def retention(self) -> Retention:
        return Retention(
            ended_sessions=timedelta(days=self.ended_sessions_kept_days),
            audit=timedelta(days=self.audit_kept_days),
            throttle=timedelta(seconds=self.throttle_window_seconds),
            token_life=timedelta(seconds=self.access_token_seconds),
        )
