"""What administrators do about a service's dead letters: list, replay, discard."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from nats.js import JetStreamContext
from nats.js.api import Header, RawStreamMsg
from nats.js.errors import APIError, NotFoundError

from common import dead_letters, jobs, patience
from common.db import new_id
from common.letters import Letter, Wanted, letter_of

CONSUMER = re.compile(r"[\w-]+")
# The server's error code for a message that another was faster to delete.
ALREADY_DELETED = 10057


@dataclass(frozen=True, slots=True)
class DeadLetters:
    jetstream: JetStreamContext
    service: str

    async def page(self, wanted: Wanted, after_id: int, limit: int) -> tuple[list[Letter], bool]:
        """The oldest first, and whether there are more."""
        if wanted.consumer and not CONSUMER.fullmatch(wanted.consumer):
            return [], False
        subject = dead_letters.discarded if wanted.discarded else dead_letters.waiting
        which = subject(self.service, wanted.consumer or ">")
        found: list[Letter] = []
        while len(found) <= limit:
            message = await self._first(which, after_id + 1)
            if message is None:
                return found, False
            letter = letter_of(message)
            after_id = letter.letter_id
            if wanted.takes(letter):
                found.append(letter)
        return found[:limit], True

    async def count(self) -> int:
        """How many wait for a decision."""
        which = dead_letters.waiting(self.service)
        found = await self.jetstream.stream_info(dead_letters.STREAM, subjects_filter=which)
        return sum((found.state.subjects or {}).values())

    async def replay(self, letter_ids: Iterable[int]) -> list[int]:
        """Give messages to their handlers as if they were new. Returns those that were there."""
        replayed = []
        async for letter in self._found(letter_ids):
            await self._move(letter, _subject_of(letter), _headers_of(letter))
            replayed.append(letter.letter_id)
        return replayed

    async def discard(self, letter_ids: Iterable[int], reason: str, by: str) -> list[int]:
        """Set letters aside that nobody will replay. Returns those that were waiting."""
        why = {
            dead_letters.DISCARDED_BY: dead_letters.in_a_line(by),
            dead_letters.DISCARD_REASON: dead_letters.in_a_line(reason),
        }
        discarded = []
        async for letter in self._found(letter_ids):
            if not letter.discarded_by:
                subject = dead_letters.discarded(self.service, letter.consumer)
                await self._move(letter, subject, letter.headers | why)
                discarded.append(letter.letter_id)
        return discarded

    async def forget(self, before: datetime, limit: int) -> int:
        """Delete the oldest, also discarded ones; returns how many, at most `limit`."""
        for count in range(limit):
            message = await self._first(f"dlq.{self.service}.>", 1)
            if message is None or not message.time or message.time >= before:
                return count
            await self._delete(message.seq or 0)
        return limit

    async def _found(self, letter_ids: Iterable[int]) -> AsyncIterator[Letter]:
        ours = (dead_letters.waiting(self.service, ""), dead_letters.discarded(self.service, ""))
        for letter_id in letter_ids:
            with suppress(NotFoundError):
                message = await self.jetstream.get_msg(dead_letters.STREAM, letter_id)
                if (message.subject or "").startswith(ours):
                    yield letter_of(message)

    async def _move(self, letter: Letter, subject: str, headers: dict[str, str]) -> None:
        """Publish it elsewhere, then delete it; twice is like once."""
        once = {Header.MSG_ID.value: f"letter.{self.service}.{letter.letter_id}"}
        await self.jetstream.publish(subject, letter.body, headers=headers | once)
        await self._delete(letter.letter_id)

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
