"""Passwords: argon2id (RFC 9106) in threads of its own, so that the event loop never waits."""

import asyncio
import os
import secrets
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from prometheus_client import Gauge, Histogram

from auth.errors import InvalidPassword, TooManyPasswordsInHand

Result = TypeVar("Result")

SHORTEST = 8
LONGEST = 1024

hashing_seconds = Histogram("password_hashing_seconds", "Time of one argon2 job, without waiting.")
in_hand = Gauge("passwords_in_hand", "Requests that wait for argon2 or are being hashed.")


@dataclass(frozen=True, slots=True)
class Hashing:
    """Cost of one hash, and how much of it the process does at once."""

    passes: int
    memory_kib: int
    lanes: int
    workers: int
    queue: int
    niceness: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rehashed` is set when the password is right and was stored with other costs."""

    is_right: bool
    rehashed: str | None = None


class Passwords:
    """Hashes and verifies with bounded concurrency and a bounded queue."""

    def __init__(self, hashing: Hashing) -> None:
        self._hashing = hashing
        self._hasher = PasswordHasher(hashing.passes, hashing.memory_kib, hashing.lanes)
        # Verified for accounts that do not exist, so that they cost the same.
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())
        self._threads = ThreadPoolExecutor(
            hashing.workers, thread_name_prefix="argon2", initializer=self._yield_to_others
        )
        # One more than the threads: while one asks the database another is hashed.
        self._turns = asyncio.Semaphore(hashing.workers + 1)
        self._in_hand = 0
        self._typical_seconds = 0.1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Taken before anything is counted or looked up: whoever is turned away loses nothing.

        Few have their turn at once, so that right passwords that come at the same moment are not
        taken for guesses: each is counted, checked and forgiven before the next ones.
        """
        if self._in_hand >= self._hashing.queue:
            wait = self._in_hand * self._typical_seconds / self._hashing.workers
            raise TooManyPasswordsInHand(retry_after=max(1.0, wait))
        self._in_hand += 1
        in_hand.inc()
        try:
            async with self._turns:
                yield
        finally:
            self._in_hand -= 1
            in_hand.dec()

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """The same work whether an account exists (`stored`) or not."""
        if stored is None or len(password) > LONGEST:
            return await self._run(lambda: self._verdict(self._nobodys, password[:LONGEST]))
        return await self._run(lambda: self._verdict(stored, password))

    def _verdict(self, stored: str, password: str) -> Verdict:
        try:
            self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return Verdict(is_right=False)
        if self._hasher.check_needs_rehash(stored):
            return Verdict(is_right=True, rehashed=self._hasher.hash(password))
        return Verdict(is_right=True)

    async def _run(self, job: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._timed, job)

    def _timed(self, job: Callable[[], Result]) -> Result:
        began = time.perf_counter()
        result = job()
        took = time.perf_counter() - began
        hashing_seconds.observe(took)
        self._typical_seconds += (took - self._typical_seconds) / 8
        return result

    def _yield_to_others(self) -> None:
        # On Linux a thread has a niceness of its own; elsewhere this would slow the whole process.
        if sys.platform == "linux":
            thread = threading.get_native_id()
            lowest = max(os.getpriority(os.PRIO_PROCESS, thread), self._hashing.niceness)
            os.setpriority(os.PRIO_PROCESS, thread, lowest)


def check(password: str) -> None:
    """The shape of a new password; its bytes are taken as they are given."""
    if not SHORTEST <= len(password) <= LONGEST or "\0" in password:
        raise InvalidPassword(SHORTEST, LONGEST)
