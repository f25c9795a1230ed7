"""One try of what a message asks for, and what becomes of the message afterwards."""

from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import Header

from common import dead_letters, jobs, telemetry
from common.db import now
from common.envelopes import carried_headers, place_of
from common.failures import in_words, is_away, limited
from common.jobs import Delivery, HandOver, TryLater
from common.tallies import ConsumerState

log = structlog.get_logger()

AWAY_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class WorkItem:
    """What a message asks for, once it is understood; `name` ends the subjects of its kind."""

    service: str
    name: str
    delivery: Delivery
    handle: Callable[[], Awaitable[None]]
    # Told the error in words, before the message becomes a dead letter.
    give_up: Callable[[str], Awaitable[None]] | None = None

    def subject_in(self, lane: str) -> str:
        return f"job.{self.service}.{lane}.{self.name}"


@dataclass(frozen=True, slots=True)
class Try:
    """Where a message goes on to is stored there before it is taken off its stream.

    It is stored under its place on that stream, so that a lost acknowledgement doubles nothing.
    """

    jetstream: JetStreamContext
    message: Msg
    item: WorkItem
    state: ConsumerState

    async def run(self) -> None:
        try:
            await limited(self.item.handle())
        except CancelledError:  # a stop was not willing to wait any longer
            await self.message.nak()
            raise
        except HandOver as other:
            await self._go_on(self.item.subject_in(other.lane), self.item.delivery.attempt)
        except Exception as error:  # noqa: BLE001 boundary: the message must be given back
            await self._settle(error)
        else:
            await self.message.ack()
            self.state.count_done()

    async def _settle(self, error: Exception) -> None:
        delivery, wait = self.item.delivery, None
        if isinstance(error, TryLater):
            wait = error.after
            if not error.counted:
                await self._wait(wait, delivery.attempt)
                return
        if is_away(error):
            self.state.note(in_words(error))
            await self.message.nak(delay=AWAY_SECONDS)
            return
        self._note(error)
        if delivery.is_last:
            await self._give_up(in_words(error))
        else:
            await self._wait(wait, delivery.attempt + 1)

    def _note(self, error: Exception) -> None:
        self.state.note(in_words(error))
        self.state.count_failed()
        telemetry.mark_failed(error)
        log.warning(
            "try failed",
            subject=self.message.subject,
            message_id=str(self.item.delivery.message_id),
            attempt=self.item.delivery.attempt,
            error=in_words(error),
            exc_info=None if isinstance(error, TryLater) else error,
        )

    async def _wait(self, seconds: float | None, attempt: int) -> None:
        """As a schedule on the server, which holds no slot."""
        delivery = self.item.delivery
        if seconds is None:
            seconds = delivery.lane.pause_after(delivery.attempt)
        due = now() + timedelta(seconds=min(max(seconds, 0.0), LONGEST_WAIT_SECONDS))
        schedule = {
            Header.SCHEDULE.value: f"@at {due:%Y-%m-%dT%H:%M:%S.%fZ}",
            Header.SCHEDULE_TARGET.value: self.item.subject_in(delivery.lane.name),
        }
        subject = f"sched.{self.item.service}.retry.{delivery.message_id}"
        await self._go_on(subject, attempt, **schedule)

    async def _go_on(self, subject: str, attempt: int, **schedule: str) -> None:
        place = place_of(self.message)
        ours = {
            Header.MSG_ID.value: f"next.{self.state.durable}.{place}",
            jobs.MESSAGE_ID: str(self.item.delivery.message_id),
            jobs.ATTEMPT: str(attempt),
        }
        headers = carried_headers(self.message) | ours | schedule
        await self.jetstream.publish(subject, self.message.data, headers=headers)
        await self.message.ack()

    async def _give_up(self, words: str) -> None:
        if self.item.give_up is not None:
            try:
                await limited(self.item.give_up(words))
            except Exception as error:  # noqa: BLE001 boundary: it becomes a dead letter anyhow
                if is_away(error):
                    await self.message.nak(delay=AWAY_SECONDS)
                    return
                words = f"{words} / giving up: {in_words(error)}"
        attempts = self.item.delivery.attempt
        await dead_letters.bury(self.jetstream, self.message, self.state, attempts, words)
