"""What administrators do about a service's dead letters: list, replay, discard."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from nats.js import JetStreamContext
from nats.js.api import Header, RawStreamMsg
from nats.js.errors import APIError, NotFoundError

from common import dead_letters, jobs, patience
from common.claims import claimed
from common.db import new_id
from common.letters import Letter, Wanted, letter_of

CONSUMER = re.compile(r"[\w-]+")
MOST_READ = 500
# The server's error code for a message that another was faster to delete.
ALREADY_DELETED = 10057

# Where a letter goes: subject and headers.
Place = tuple[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class DeadLetters:
    jetstream: JetStreamContext
    service: str

    async def page(self, wanted: Wanted, after_id: int, limit: int) -> tuple[list[Letter], int]:
        """The oldest first, and the id after which to go on; 0 when there are no more.

        A page may be short, or empty, and not the last: it is found among MOST_READ letters.
        """
        if wanted.consumer and not CONSUMER.fullmatch(wanted.consumer):
            return [], 0
        subject = dead_letters.discarded if wanted.discarded else dead_letters.waiting
        which = subject(self.service, wanted.consumer or ">")
        found: list[Letter] = []
        for _ in range(MOST_READ):
            message = await self._first(which, after_id + 1)
            if message is None:
                return found, 0
            if len(found) == limit:
                break
            letter = letter_of(message)
            after_id = letter.letter_id
            if wanted.takes(letter):
                found.append(letter)
        return found, after_id

    async def count(self) -> int:
        """How many wait for a decision."""
        which = dead_letters.waiting(self.service)
        found = await self.jetstream.stream_info(dead_letters.STREAM, subjects_filter=which)
        return sum((found.state.subjects or {}).values())

    async def lanes_of(self, letter_ids: Iterable[int]) -> dict[int, str]:
        """Where a replay sends those that are there."""
        letters = [await self._read(letter_id) for letter_id in letter_ids]
        return {letter.letter_id: _subject_of(letter) for letter in letters if letter}

    async def replay(self, letter_ids: Iterable[int]) -> list[int]:
        """Give messages to their handlers as if they were new. Returns those that were there."""

        def replayed(letter: Letter) -> Place:
            return _subject_of(letter), _headers_of(letter)

        return [each for each in letter_ids if await self._move(each, replayed)]

    async def discard(self, letter_ids: Iterable[int], reason: str, by: str) -> dict[int, int]:
        """Set letters aside that nobody will replay. Returns the new ids of those that waited."""
        why = {
            dead_letters.DISCARDED_BY: dead_letters.in_a_line(by),
            dead_letters.DISCARD_REASON: dead_letters.in_a_line(reason),
        }

        def aside(letter: Letter) -> Place | None:
            if letter.discarded_by:
                return None
            return dead_letters.discarded(self.service, letter.consumer), letter.headers | why

        return {each: at for each in letter_ids if (at := await self._move(each, aside))}

    async def forget(self, before: datetime, limit: int) -> int:
        """Delete the oldest, also discarded ones; returns how many, at most `limit`."""
        for count in range(limit):
            message = await self._first(f"dlq.{self.service}.>", 1)
            if message is None or not message.time or message.time >= before:
                return count
            await self._delete(message.seq or 0)
        return limit

    async def _read(self, letter_id: int) -> Letter | None:
        ours = (dead_letters.waiting(self.service, ""), dead_letters.discarded(self.service, ""))
        with suppress(NotFoundError):
            message = await self.jetstream.get_msg(dead_letters.STREAM, letter_id)
            if (message.subject or "").startswith(ours):
                return letter_of(message)
        return None

    async def _move(self, letter_id: int, whereto: Callable[[Letter], Place | None]) -> int:
        """Publish it elsewhere, then delete it: a crash in between leaves it twice, never not.

        One of several does; it may be gone when its claim is ours. Returns where it is, or 0.
        """
        if await self._read(letter_id) is None:
            return 0
        claim = dead_letters.claim(self.service, letter_id)
        async with claimed(self.jetstream, dead_letters.STREAM, claim) as is_ours:
            letter = await self._read(letter_id) if is_ours else None
            place = whereto(letter) if letter else None
            if letter is None or place is None:
                return 0
            subject, headers = place
            once = {Header.MSG_ID.value: f"letter.{self.service}.{letter_id}"}
            kept = await self.jetstream.publish(subject, letter.body, headers=headers | once)
            await self._delete(letter_id)
            return kept.seq

    async def _delete(self, letter_id: int) -> None:
        try:
            await self.jetstream.delete_msg(dead_letters.STREAM, letter_id)
        except APIError as error:
            if error.err_code != ALREADY_DELETED:
                raise

    async def _first(self, subject: str, at_least: int) -> RawStreamMsg | None:
        try:
            return await self.jetstream.get_msg(
                dead_letters.STREAM, at_least, subject=subject, next=True
            )
        except NotFoundError:
            return None


def _subject_of(letter: Letter) -> str:
    """A job goes where it was. An event would go to every service: it goes to the own replays."""
    if letter.subject.startswith("job."):
        return letter.subject
    return f"job.{letter.service}.{jobs.REPLAYS.name}.{letter.subject}"


def _headers_of(letter: Letter) -> dict[str, str]:
    """As the message had them on its first attempt; with an id, should that be what it lacked."""
    ours = (dead_letters.PREFIX, jobs.ATTEMPT, patience.HEADERS)
    headers = {name: letter.headers[name] for name in letter.headers if not name.startswith(ours)}
    return {jobs.MESSAGE_ID: str(new_id())} | headers
